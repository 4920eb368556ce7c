/** What a thaw takes: a sentence and a table. */
import type { ThawOffer } from '../../actions/restore.ts';
import { formatBytes, formatCount, formatHours, formatMoney } from '../../core/units.ts';
import type { Output } from '../output.ts';
import { showTable } from './show-table.ts';

export function showOffer(output: Output, { target, storageClasses, objects, bytes, thawing, days, tiers, prices }: ThawOffer): void {
  const where = `on ${target} in cold storage (${storageClasses.join(', ')})`;
  if (objects > 0) output.line(`${formatCount(objects, 'object')}, ${formatBytes(bytes)}, ${objects === 1 ? 'lies' : 'lie'} ${where}.`);
  if (thawing > 0) output.line(`${formatCount(thawing, 'object')}${objects > 0 ? ' more' : ''} ${thawing === 1 ? 'is' : 'are'} being thawed on ${target}.`);
  if (tiers.length === 0) return;
  output.line();
  showTable(output, {
    columns: [{ title: 'tier' }, { title: 'ready within', align: 'right' }, ...(prices ? [{ title: 'price ≈', align: 'right' as const }] : [])],
    rows: tiers.map(({ tier, least, most, cost }) => [tier, timeOf(least, most), ...(prices ? [cost === null ? 'unknown' : formatMoney(cost, prices.currency)] : [])]),
  });
  output.line();
  if (prices) {
    output.line(`With ${formatCount(days, 'day')} of thawed copies and the download. Prices${prices.region ? ` of ${prices.region},` : ''} as of ${prices.asOf}; yours may differ.`);
    output.line();
  }
}

function timeOf(least: number, most: number): string {
  return least === most ? formatHours(most) : `${formatHours(least)} to ${formatHours(most)}`;
}
