/** Snapshots as a table. */
import type { SnapshotRow } from '../../actions/snapshots.ts';
import { formatBytes, formatCount, formatNumber } from '../../core/units.ts';
import type { Output } from '../output.ts';
import { leftLine } from './left-line.ts';
import { localTime } from './local-time.ts';
import { showTable } from './show-table.ts';

export function showSnapshots(output: Output, rows: readonly SnapshotRow[], deleted: readonly { target: string; snapshots: number }[] = []): void {
  const isTagged = rows.some(({ tags }) => tags !== null && tags.length > 0);
  const isProtected = rows.some((row) => row.protected);
  showTable(output, {
    columns: [
      { title: 'snapshot' },
      { title: 'source', least: 6 },
      { title: 'time' },
      { title: 'files', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'targets', least: 7 },
      ...(isTagged ? [{ title: 'tags', least: 6 }] : []),
      ...(isProtected ? [{ title: 'protected' }] : []),
    ],
    rows: rows.map(({ id, source, time, files, bytes, targets, tags, ...row }) => [
      id,
      source,
      localTime(time),
      files === null ? '–' : formatNumber(files),
      bytes === null ? '–' : formatBytes(bytes),
      targets.join(', ') || 'none',
      ...(isTagged ? [tags?.join(', ') ?? ''] : []),
      ...(isProtected ? [row.protected ? 'yes' : ''] : []),
    ]),
  });
  output.line(output.colours.dim(formatCount(rows.length, 'snapshot')));
  for (const { target, snapshots } of deleted) output.line(leftLine(target, snapshots));
}
