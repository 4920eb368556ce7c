/** What a run and a restore of everything would cost, for the targets that know their prices. */
import type { DryRunReport } from '../../actions/dry-run.ts';
import { formatCount, formatHours, formatMoney } from '../../core/units.ts';
import { usualThawDays } from '../../targets/cold-storage.ts';
import type { Output } from '../output.ts';
import { showTable } from './show-table.ts';
import type { Column } from './table.ts';

const right = (title: string): Column => ({ title, align: 'right' });

export function showCosts(out: Output, targets: DryRunReport['targets']): void {
  const priced = targets.flatMap(({ target, costs }) => (costs ? [{ target, costs }] : []));
  if (priced.length === 0) return;
  out.line();
  showTable(out, {
    columns: [{ title: 'target', least: 8 }, right('a month now'), right('a month more ≤'), right('uploads ≤'), right('paid for at least')],
    rows: priced.map(({ target, costs: { currency, storedMonthly, addedMonthly, uploads, minimumDays } }) => [
      target,
      ...[storedMonthly, addedMonthly, uploads].map((amount) => money(amount, currency)),
      minimumDays === 0 ? '–' : formatCount(minimumDays, 'day'),
    ]),
  });
  out.line();
  showTable(out, {
    columns: [{ title: 'target', least: 8 }, { title: 'restoring everything' }, right('ready within'), right('price ≤')],
    rows: priced.flatMap(({ target, costs: { currency, restores } }) =>
      restores.map(({ tier, most, cost }) => [target, tier ?? 'at once', tier === null ? '–' : formatHours(most), money(cost, currency)]),
    ),
  });
  out.line();
  for (const line of new Set(priced.map(({ costs: { currency, region, asOf, source } }) => `Prices in ${currency}${region ? ` for ${region}` : ''}, as of ${asOf} (${source}).`))) out.line(line);
  out.line(`A restore is counted with the download over the internet and ${usualThawDays} days of thawed copies.`);
}

function money(amount: number | null, currency: string): string {
  return amount === null ? 'unknown' : formatMoney(amount, currency);
}
