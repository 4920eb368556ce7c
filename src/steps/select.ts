/**
 * The step `select`: finds out what of a source is new or changed since the snapshot before, and gives only that.
 * Folders are walked depth first, names in the order of their bytes, a folder before what is in it.
 */
import { commandEntry } from './select/command.ts';
import { Pace } from './select/pace.ts';
import { Tally } from './select/tally.ts';
import { Walk } from './select/walk.ts';
import type { SelectedEntry } from './flow.ts';
import type { StepContext, StepType } from './step.ts';

export interface SelectOptions {
  detect?: 'metadata' | 'checksum';
}

/** Entries that are handed over together. */
const mostAtOnce = 128;

export const selectStep: StepType<SelectOptions> = {
  kind: 'select',
  summary: 'Finds the files of a source that are new or changed since the snapshot before.',
  takes: [],
  gives: 'entries',
  schema: {
    description: 'Finds the files of a source that are new or changed since the snapshot before.',
    type: 'object',
    additionalProperties: false,
    examples: [{ detect: 'metadata' }],
    properties: {
      detect: {
        description:
          'How a changed file is told from an unchanged one. "metadata": by its size, times and inode, without opening it. ' +
          '"checksum": every file is read and compared by its content; slow, for disks whose times cannot be trusted.',
        enum: ['metadata', 'checksum'],
        default: 'metadata',
        examples: ['checksum'],
      },
    },
  },
  run: select,
};

async function* select(options: SelectOptions, _inputs: unknown, context: StepContext): AsyncGenerator<readonly SelectedEntry[]> {
  context.signal.throwIfAborted();
  if (context.source.command) {
    yield [commandEntry(context.source.command, context)];
    return;
  }
  const tally = new Tally(context);
  const pace = new Pace(context.signal);
  const walk = new Walk(context, tally, { checksum: options.detect === 'checksum' });
  let batch: SelectedEntry[] = [];
  for (const selected of walk.entries()) {
    if (selected) batch.push(selected);
    if (batch.length < mostAtOnce && !pace.isDue()) continue;
    tally.report();
    if (batch.length > 0) yield batch;
    batch = [];
    await pace.rest();
  }
  tally.report();
  if (batch.length > 0) yield batch;
}
