/** The summary table: one row for each source and target, the state now. Replaced as a whole, so a crash leaves the old one or the new one. */
import { dirname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import writeFileAtomic from 'write-file-atomic';
import { BatError, systemReason } from '../../core/errors.ts';
import { visible } from '../../core/event-text.ts';
import { makeFolder } from '../../core/make-folder.ts';
import { resolvePath } from '../../core/paths.ts';
import { redact } from '../../core/secrets.ts';
import { bytesOfSource } from '../../catalog/holdings.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import type { Source } from '../source.ts';
import type { RunOutcome, StepSetup } from '../step.ts';

const columns = ['source', 'target', 'category', 'path', 'files', 'original_bytes', 'stored_bytes', 'last_run', 'status'];

export async function writeSummary(file: string, setup: StepSetup, outcome: RunOutcome): Promise<void> {
  const path = resolvePath(file, setup.folder);
  // A cell that begins like a formula would be run by a spreadsheet: escape_formulas puts a ' before it.
  const text = stringify(rows(setup, outcome), { header: true, columns, escape_formulas: true });
  try {
    makeFolder(dirname(path));
    await writeFileAtomic(path, redact(text));
  } catch (error) {
    throw new BatError('STATE_FAILED', `The summary ${path} cannot be written: ${systemReason(error)}.`, {
      hint: 'Check `summary:` of the record step. The backup itself is stored.',
      cause: error,
      subject: path,
    });
  }
}

function rows(setup: StepSetup, outcome: RunOutcome): (string | number)[][] {
  const snapshots = new Snapshots(setup.catalog);
  const targets = outcome.lanes.flatMap((lane) => lane.targets);
  return outcome.sources.flatMap(({ source, summary }) => {
    const key = `status:${source.id}`;
    if (summary) setup.catalog.setMeta(key, summary.status === 'failed' ? 'failed' : summary.unreadFiles > 0 ? 'incomplete' : 'ok');
    const status = setup.catalog.getMeta(key) ?? 'never run';
    return targets.map((target) => {
      const latest = snapshots.latestDone(source.id);
      const held = snapshots.latestOn(source.id, target);
      const behind = latest !== null && held?.id !== latest.id;
      return [
        source.id,
        target,
        source.category,
        whereFrom(source),
        held?.files ?? 0,
        held?.bytes ?? 0,
        bytesOfSource(setup.catalog, source.id, target),
        held?.time ?? '',
        behind && status !== 'failed' ? 'behind' : status,
      ];
    });
  });
}

function whereFrom(source: Source): string {
  return visible(source.command ? source.command.command.join(' ') : source.roots.map((root) => root.path).join(' '));
}
