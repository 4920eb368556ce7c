/** Targets as a table. */
import type { TargetRow } from '../../actions/targets.ts';
import { formatCount, formatNumber } from '../../core/units.ts';
import type { Output } from '../output.ts';
import { localTime } from './local-time.ts';
import { showTable } from './show-table.ts';

export function showTargets(output: Output, rows: readonly TargetRow[]): void {
  const isVerified = rows.some(({ verified }) => verified !== null);
  showTable(output, {
    columns: [{ title: 'target', least: 6 }, { title: 'type' }, { title: 'upload', least: 6 }, ...(isVerified ? [{ title: 'last verified' }] : []), { title: 'location', least: 12 }],
    rows: rows.map(({ id, type, location, uploads, verified }) => [id, type, uploads.join(', ') || 'none', ...(isVerified ? [verified ? verifiedText(verified) : 'never'] : []), location]),
  });
  output.line(output.colours.dim(formatCount(rows.length, 'target')));
}

/** `2026-11-20 12:43`, and how many things were wrong. */
function verifiedText({ time, damaged }: NonNullable<TargetRow['verified']>): string {
  return `${localTime(new Date(time)).slice(0, -3)}${damaged > 0 ? `, ${formatNumber(damaged)} wrong` : ''}`;
}
