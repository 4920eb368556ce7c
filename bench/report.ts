/** What the benchmark says, for people. */
import type { Machine } from './machine.ts';
import { median } from './results.ts';
import type { Field, Key, Results, Round } from './results.ts';
import type { Judged } from './judge.ts';

const columns: [title: string, field: Field, show: (figure: number) => string][] = [
  ['wall s', 'wall', (seconds) => seconds.toFixed(2)],
  ['CPU s', 'cpu', (seconds) => seconds.toFixed(2)],
  ['memory MB', 'memory', megabytes],
  ['read MB', 'read', megabytes],
  ['written MB', 'written', megabytes],
  ['stored MB', 'stored', megabytes],
  ['sent and received MB', 'transferred', megabytes],
];

/** One line of progress. */
export function lineOf(key: Key, { wall, cpu, memory, installed }: Round): string {
  if (installed !== undefined) return `${key}: ${megabytes(installed)} MB`;
  return `${key}: ${wall!.toFixed(2)} s, CPU ${cpu!.toFixed(2)} s, ${megabytes(memory!)} MB`;
}

export function machineLines({ processor, cores, memory, system, versions }: Machine): string[] {
  return [`${processor}, ${cores} cores, ${(memory / 2 ** 30).toFixed(0)} GiB, ${system}`, Object.entries(versions).map(([program, version]) => `${program} ${version}`).join(' · ')];
}

/** The medians of all that was measured, as a table. */
export function figureLines(results: Results): string[] {
  const timed = results.all().filter(([, rounds]) => rounds[0]!.wall !== undefined);
  const body = timed.map(([key, rounds]) => [key.replaceAll('/', ' '), String(rounds.length)].concat(columns.map(([, field, show]) => {
    const figures = rounds.flatMap((round) => round[field] ?? []);
    return figures.length === 0 ? '' : show(median(figures));
  })));
  return table([['', 'rounds', ...columns.map(([title]) => title)], ...body]);
}

export function rowLines(judged: readonly Judged[]): string[] {
  const body = judged.map(({ row, value, verdict }) => [
    row.id,
    row.what,
    value === undefined ? '' : shown(value, row.unit),
    `at most ${shown(row.limit, row.unit)}`,
    verdict,
  ]);
  return table(body);
}

function shown(value: number, unit: Judged['row']['unit']): string {
  return unit === 'times' ? value.toFixed(2) : `${value.toFixed(unit === 'ms' ? 0 : 1)} ${unit}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0);
}

/** Words to the left, figures to the right. */
function table(lines: readonly string[][]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => line.map((cell, column) => (/^[\d.]+( \w+)?$/.test(cell) || lines[0]![column]!.endsWith('MB') ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ').trimEnd());
}
