/** A source that is a command: its output is the one file of the snapshot, streamed while the command runs. */
import { formatMtime } from '../../core/entry.ts';
import { BatError } from '../../core/errors.ts';
import { redact } from '../../core/secrets.ts';
import { LastLines } from './last-lines.ts';
import { startCommand, type CommandFailure } from './process-group.ts';
import type { SelectedEntry } from '../flow.ts';
import type { SourceCommand } from '../source.ts';
import type { StepContext } from '../step.ts';

const LINES_SHOWN = 20;

/**
 * The entry of a command's output. The command starts when its `stream` is first read, and is ended when reading stops
 * early. The stream throws COMMAND_FAILED at its end if the command failed, however much it had written by then, and SOURCE_MISSING if it wrote nothing
 * and did so before.
 */
export function commandEntry(command: SourceCommand, context: Pick<StepContext, 'source' | 'draft' | 'allowEmpty' | 'signal' | 'count' | 'expect'>): SelectedEntry {
  const top = context.draft.previous('');
  const previous = top.get(command.as);
  for (const [name, entry] of top) {
    if (name !== command.as || entry.type !== 'file') context.draft.remove(name);
  }
  context.expect({ files: 1 });
  return {
    entry: {
      path: command.as,
      type: 'file',
      mode: 0o600,
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      mtime: formatMtime(BigInt(Date.now()) * 1_000_000n),
      size: 0,
    },
    stamp: '',
    absolute: '',
    before: previous?.type === 'file',
    stream: outputOf(command, { ...context, mayBeEmpty: context.allowEmpty || !previous || previous.size === 0 }),
  };
}

async function* outputOf(command: SourceCommand, context: Pick<StepContext, 'source' | 'signal' | 'count'> & { mayBeEmpty: boolean }): AsyncGenerator<Uint8Array> {
  const { source, signal } = context;
  signal.throwIfAborted();
  const running = await startCommand(command);
  const said = new LastLines(LINES_SHOWN);
  running.errors.on('data', (text: string) => said.add(text));
  const stop = () => running.output.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop);
  let isEmpty = true;
  try {
    for await (const bytes of running.output as AsyncIterable<Uint8Array>) {
      isEmpty = false;
      context.count({ bytes: bytes.length });
      yield bytes;
    }
    const failure = await running.failure();
    signal.throwIfAborted();
    if (failure) throw commandFailed(source.id, command, failure, said.lines());
    if (isEmpty && !context.mayBeEmpty) throw nothingWritten(source.id, command);
    context.count({ files: 1 });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await running.end();
  }
}

function commandFailed(source: string, command: SourceCommand, failure: CommandFailure, said: readonly string[]): BatError {
  const message = `The command of the source "${source}" ${failure.reason}: ${command.command.join(' ')}`;
  const quoted = said.length > 0 ? `\nIts last words were:\n${said.map((line) => `  ${line}`).join('\n')}` : '';
  return new BatError('COMMAND_FAILED', redact(message + quoted), { hint: failure.hint, subject: source });
}

/** A dump that fails without saying so must not take the place of one that is whole. */
function nothingWritten(source: string, command: SourceCommand): BatError {
  return new BatError('SOURCE_MISSING', redact(`The command of the source "${source}" wrote nothing, but it did before: ${command.command.join(' ')}`), {
    hint: 'Run it by hand in the same folder to see why. If nothing is meant, go on with `bat run --allow-empty`.',
    subject: source,
  });
}
