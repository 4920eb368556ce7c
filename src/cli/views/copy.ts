/** A copy for a person: one line that moves on a terminal, a line now and then elsewhere, a table of the sources at the end. */
import type { CopyResult } from '../../actions/copy.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../../core/units.ts';
import { ProgressLine } from '../../runner/progress.ts';
import { seconds, type JsonFields } from '../json-line.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';
import type { EventView } from './event-view.ts';
import { eventsJsonView } from './events-json.ts';
import { readingNoticeOf, showNotice } from './notices.ts';
import { leftLine } from './left-line.ts';
import { showTable } from './show-table.ts';
import { StatusLine } from './status-line.ts';

const betweenLines = 30_000;

export function copyView(shell: Shell, quiet: boolean, now: () => number = Date.now): EventView {
  if (shell.json) return eventsJsonView(shell);
  const progress = new ProgressLine(now());
  const status = shell.out.isTerminal && !quiet ? new StatusLine(shell.out) : null;
  let last = now();
  return {
    emit: (event) => {
      if (event.type === 'copy-progress') {
        const text = `${formatNumber(event.objects)} of ${progress.text({ ...event, files: 0, objects: event.totalObjects }, now())}`;
        if (status) status.set(text);
        else if (!quiet && now() - last >= betweenLines) {
          last = now();
          shell.out.line(text);
        }
        return;
      }
      // What ends the copy is said at its end.
      const notice = event.type === 'target-failed' ? null : readingNoticeOf(event);
      if (!notice) return;
      if (status) status.above(() => showNotice(shell, notice));
      else showNotice(shell, notice);
    },
    finish: () => {
      status?.clear();
      return false;
    },
  };
}

export function showCopied(output: Output, result: CopyResult): void {
  const { from, to, dryRun, sources, objects, manifests, bytes, duration, left, deleted, pruned } = result;
  const number = (count: number): string => (count === 0 ? '–' : formatNumber(count));
  const right = (title: string) => ({ title, align: 'right' as const });
  showTable(output, {
    columns: [{ title: 'source', least: 6 }, right(dryRun ? 'to copy' : 'copied'), right('there before'), right('left')],
    rows: sources.map(({ source, copied, there, left: rest }) => [source, number(copied), number(there), number(rest)]),
  });
  const what = `${formatCount(objects + manifests, 'object')}, ${formatBytes(bytes)}, from ${from} to ${to}`;
  if (dryRun) output.line(`would copy ${what}; nothing was written`);
  else output.line((left.length === 0 ? output.colours.green : output.colours.yellow)(`copied ${what} in ${formatDuration(duration)}`));
  if (pruned) output.line(`removed from ${to}: ${formatCount(pruned.snapshots, 'snapshot')} that ${pruned.snapshots === 1 ? 'was' : 'were'} deleted meanwhile, ${formatBytes(pruned.bytes)} in all`);
  else if (deleted > 0) output.line(leftLine(to, deleted));
}

export function copyFields({ from, to, dryRun, sources, objects, manifests, bytes, deleted, pruned, left, failures, failed, duration }: CopyResult, exitCode: number): JsonFields {
  return { from, to, dryRun, exitCode, seconds: seconds(duration), objects, manifests, bytes, deleted, ...(pruned ? { pruned } : {}), sources, left, failed, failures };
}
