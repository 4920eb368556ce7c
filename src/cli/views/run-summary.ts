/** What a run came to: a table with a line a source, and one sentence. */
import { exitCodes } from '../../core/errors.ts';
import type { SourceSummary } from '../../core/events.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../../core/units.ts';
import type { Output } from '../output.ts';
import { showTable } from './show-table.ts';
import type { Column } from './table.ts';

export interface RunOutcome {
  exitCode: number;
  /** Milliseconds. */
  duration: number;
  /** Ids of the targets that were given up on. */
  failedTargets: readonly string[];
  /** Old snapshots could not be removed. */
  isPruneFailed: boolean;
}

type Rows = readonly (readonly [source: string, SourceSummary])[];

const right = (title: string): Column => ({ title, align: 'right' });

export function showRunTable(output: Output, summaries: ReadonlyMap<string, SourceSummary>, exitCode: number): void {
  if (summaries.size === 0) return;
  const rows = summaries.size > 1 ? [...summaries, ['all', total([...summaries.values()])] as const] : [...summaries];
  const targets = [...new Set([...summaries.values()].flatMap(({ stored }) => Object.keys(stored)))];
  const failed = exitCode === exitCodes.INTERRUPTED ? 'stopped' : 'failed';
  showTable(output, form(rows, targets, separateChanges, failed), form(rows, targets, joinedChanges, failed));
}

/** `done in 3.2 s`, or what is left to say about a run that did not simply succeed. */
export function runSentence({ exitCode, duration, failedTargets, isPruneFailed }: RunOutcome, unread: number): string {
  const time = formatDuration(duration);
  const left = failedTargets.join(', ');
  switch (exitCode) {
    case 0:
      return `done in ${time}`;
    case exitCodes.SOURCE_UNREADABLE:
      return `done in ${time}, but ${formatCount(unread, 'file')} could not be read as they should (exit code 3)`;
    case exitCodes.TARGETS_INCOMPLETE:
      if (failedTargets.length === 0 && isPruneFailed) return `done in ${time}, but old snapshots could not be removed; the next run tries again (exit code 4)`;
      return `done in ${time}, but not on every target: ${left} ${failedTargets.length > 1 ? 'are' : 'is'} behind until the next run (exit code 4)`;
    case exitCodes.INTERRUPTED:
      return `interrupted after ${time}; the next run goes on from there`;
    default:
      return `failed after ${time} (exit code ${exitCode})`;
  }
}

interface Changes {
  columns: readonly Column[];
  cells(summary: SourceSummary): string[];
}

const separateChanges: Changes = {
  columns: [right('new'), right('changed'), right('removed')],
  cells: ({ newFiles, changedFiles, removedFiles }) => [formatNumber(newFiles), formatNumber(changedFiles), formatNumber(removedFiles)],
};

const joinedChanges: Changes = {
  columns: [right('changes')],
  cells: ({ newFiles, changedFiles, removedFiles }) => [`+${formatNumber(newFiles)} ~${formatNumber(changedFiles)} -${formatNumber(removedFiles)}`],
};

function form(rows: Rows, targets: readonly string[], changes: Changes, failed: string): { columns: Column[]; rows: string[][] } {
  return {
    columns: [
      { title: 'source', least: 8 },
      right('files'),
      right('size'),
      ...changes.columns,
      right('read'),
      ...targets.map((id): Column => ({ title: `to ${id}`, align: 'right', least: 9 })),
      right('time'),
    ],
    rows: rows.map(([source, summary]) => (summary.status === 'failed' ? [source, failed] : cells(source, summary, targets, changes))),
  };
}

function cells(source: string, summary: SourceSummary, targets: readonly string[], changes: Changes): string[] {
  const sent = targets.map((target) => (summary.stored[target] ? formatBytes(summary.stored[target]) : '–'));
  return [source, formatNumber(summary.files), formatBytes(summary.bytes), ...changes.cells(summary), formatBytes(summary.read), ...sent, formatDuration(summary.duration)];
}

/** Of failed sources too: what they read was read. */
function total(summaries: readonly SourceSummary[]): SourceSummary {
  const sum: SourceSummary = { status: 'done', files: 0, bytes: 0, newFiles: 0, changedFiles: 0, removedFiles: 0, unreadFiles: 0, read: 0, stored: {}, volumes: 0, duration: 0 };
  for (const summary of summaries) {
    for (const key of ['files', 'bytes', 'newFiles', 'changedFiles', 'removedFiles', 'unreadFiles', 'read', 'volumes', 'duration'] as const) sum[key] += summary[key];
    for (const [target, bytes] of Object.entries(summary.stored)) sum.stored[target] = (sum.stored[target] ?? 0) + bytes;
  }
  return sum;
}
