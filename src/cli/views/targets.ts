/** Targets as a table. */
import type { TargetRow } from '../../actions/targets.ts';
import { formatCount } from '../../core/units.ts';
import type { Output } from '../output.ts';
import { showTable } from './show-table.ts';

export function showTargets(output: Output, rows: readonly TargetRow[]): void {
  showTable(output, {
    columns: [{ title: 'target', least: 6 }, { title: 'type' }, { title: 'upload', least: 6 }, { title: 'location', least: 12 }],
    rows: rows.map(({ id, type, location, uploads }) => [id, type, uploads.join(', ') || 'none', location]),
  });
  output.line(output.colours.dim(formatCount(rows.length, 'target')));
}
