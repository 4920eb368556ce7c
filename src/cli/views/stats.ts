/** How much is stored, as tables: of each source, when, and on which target. */
import type { SourceStats, Stats } from '../../actions/stats.ts';
import type { StoredOnTarget } from '../../actions/stats/costs.ts';
import type { Growth } from '../../actions/stats/growth.ts';
import { formatBytes, formatMoney, formatNumber } from '../../core/units.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';
import { showTable } from './show-table.ts';
import type { Column } from './table.ts';

const right = (title: string): Column => ({ title, align: 'right' });

export function showStats(out: Output, { sources, growth, targets }: Stats): void {
  showSources(out, sources);
  if (growth.length > 0) showGrowth(out, growth);
  if (targets.length > 0) showTargets(out, targets);
}

function showSources(out: Output, sources: readonly SourceStats[]): void {
  const shown = sources.length > 1 ? [...sources, total(sources)] : sources;
  const rows = (row: SourceStats): string[] => [row.source, formatNumber(row.snapshots), formatBytes(row.original), formatBytes(row.deduplicated), formatBytes(row.compressed), formatBytes(row.stored)];
  const columns = [{ title: 'source', least: 6 }, right('snapshots'), right('original'), right('deduplicated'), right('compressed'), right('stored')];
  showTable(
    out,
    {
      columns: [...columns.slice(0, 2), right('latest'), ...columns.slice(2), right('ratio')],
      rows: shown.map((row) => [...rows(row).slice(0, 2), formatBytes(row.latest), ...rows(row).slice(2), ratio(row)]),
    },
    { columns: [...columns, right('ratio')], rows: shown.map((row) => [...rows(row), ratio(row)]) },
    { columns, rows: shown.map(rows) },
  );
  out.line(out.colours.dim('Original: all snapshots together, each counted whole. Stored: on all targets.'));
}

function showGrowth(out: Output, growth: readonly Growth[]): void {
  out.line();
  const rows = growth.map(({ source, period, last, original, deduplicated, compressed, stored, storedInAll }) => [
    source,
    period || 'in no snapshot yet',
    last ? formatBytes(original) : '–',
    ...[deduplicated, compressed, stored].map((bytes) => (bytes === 0 ? '–' : `+${formatBytes(bytes)}`)),
    formatBytes(storedInAll),
  ]);
  const columns = [{ title: 'source', least: 6 }, { title: 'when' }, right('original'), right('deduplicated'), right('compressed'), right('stored'), right('in all')];
  const narrow = [0, 1, 2, 3, 5, 6];
  showTable(out, { columns, rows }, { columns: narrow.map((index) => columns[index]!), rows: rows.map((row) => narrow.map((index) => row[index]!)) });
}

function showTargets(out: Output, targets: readonly StoredOnTarget[]): void {
  out.line();
  const isPriced = targets.some(({ prices }) => prices !== null);
  showTable(out, {
    columns: [{ title: 'target', least: 6 }, { title: 'what' }, { title: 'class', least: 5 }, right('objects'), right('size'), ...(isPriced ? [right('a month')] : [])],
    rows: targets.map(({ target, kind, storageClass, objects, bytes, monthly, prices }) => [
      target,
      kind,
      storageClass ?? '–',
      formatNumber(objects),
      formatBytes(bytes),
      ...(isPriced ? [monthly === null || !prices ? '–' : formatMoney(monthly, prices.currency)] : []),
    ]),
  });
  for (const line of new Set(targets.flatMap(({ prices }) => (prices ? [`Prices in ${prices.currency}${prices.region ? ` for ${prices.region}` : ''}, as of ${prices.asOf} (${prices.source}).`] : [])))) {
    out.line(out.colours.dim(line));
  }
}

export function statsToJson(shell: Shell, { sources, growth, targets }: Stats): void {
  for (const source of sources) shell.emitJson('source', { ...source });
  for (const { source, period, last, ...row } of growth) shell.emitJson('growth', { source, period: period || null, last: last?.id ?? null, ...row });
  for (const { prices, target, kind, ...row } of targets) shell.emitJson('target', { target, kind, ...row, ...(prices ? { currency: prices.currency, asOf: prices.asOf, region: prices.region } : {}) });
  shell.emitJson('summary', { ...total(sources), source: undefined });
}

/** How many bytes of snapshots one byte stands for. */
function ratio({ original, compressed }: SourceStats): string {
  return compressed === 0 ? '–' : `${(original / compressed).toFixed(1)}×`;
}

function total(sources: readonly SourceStats[]): SourceStats {
  const sum = (of: (row: SourceStats) => number): number => sources.reduce((all, row) => all + of(row), 0);
  return {
    source: 'all',
    snapshots: sum((row) => row.snapshots),
    files: sum((row) => row.files),
    latest: sum((row) => row.latest),
    original: sum((row) => row.original),
    deduplicated: sum((row) => row.deduplicated),
    compressed: sum((row) => row.compressed),
    stored: sum((row) => row.stored),
  };
}
