/** A restore for a person or a program, whichever command asks for it: what is shown while it goes on, and its summary. */
import type { RestoreIncomplete, RestoreOptions, RestoreSummary } from '../actions/restore.ts';
import { BatError } from '../core/errors.ts';
import { seconds } from './json-line.ts';
import type { Shell } from './shell.ts';
import type { EventView } from './views/event-view.ts';
import { offerFields } from './views/thaw-offer-json.ts';

export async function restoringView(shell: Shell, quiet: boolean): Promise<EventView> {
  if (shell.json) return (await import('./views/events-json.ts')).eventsJsonView(shell);
  return (await import('./views/restore.ts')).restoreView(shell, { quiet });
}

/** `where`: the destination, for a person. Throws what the restore does, once its summary is shown. */
export async function carryOutRestore(shell: Shell, view: EventView, options: RestoreOptions, { where, quiet }: { where: string; quiet: boolean }): Promise<void> {
  const { restore } = await import('../actions/restore.ts');
  const summary = await restore(options).catch(async (error: unknown) => {
    view.finish(error);
    const { result: incomplete } = error as Partial<RestoreIncomplete>;
    // Of what there is all came back: that is worth its lines.
    if (incomplete && incomplete.unmatched.length > 0 && incomplete.failed === 0 && !shell.json && !quiet) (await import('./views/restore.ts')).showRestored(shell, incomplete, where, options.dryRun);
    return failed(shell, error);
  });
  view.finish();
  if (shell.json) shell.emitJson('summary', summaryFields(summary, 0));
  else if (!quiet) (await import('./views/restore.ts')).showRestored(shell, summary, where, options.dryRun);
}

/** A restore that ended with something missing has a summary, too; without a terminal its single failures have been said. */
function failed(shell: Shell, error: unknown): never {
  const { result: summary } = error as Partial<RestoreIncomplete>;
  if (!(error instanceof BatError) || !summary) throw error;
  if (shell.json) shell.emitJson('summary', summaryFields(summary, error.exitCode));
  if (shell.json || shell.out.isTerminal) throw error;
  const [head = ''] = error.message.split('\n');
  throw new BatError(error.code, head, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}

function summaryFields({ snapshots, files, bytes, fetched, objects, skipped, failed: failures, unmatched, cold, reads, duration }: RestoreSummary, exitCode: number): Record<string, unknown> {
  const fields = { snapshots, exitCode, seconds: seconds(duration), filesRestored: files, bytesRestored: bytes, bytesFetched: fetched, objects, skipped, failed: failures };
  return { ...fields, ...(unmatched.length > 0 ? { unmatched } : {}), ...(reads.length > 0 ? { reads } : {}), ...(cold.length > 0 ? { cold: cold.map(offerFields) } : {}) };
}
