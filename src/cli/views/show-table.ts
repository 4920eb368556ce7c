/** Puts a table on a stream in the widest of several forms that fits there. */
import type { Output } from '../output.ts';
import { recordLines, tableLines, type Column } from './table.ts';

/** The same facts in another choice of columns: the first form has all of them, the ones after it take less room. */
export interface TableForm {
  columns: readonly Column[];
  rows: readonly (readonly string[])[];
}

export function showTable(output: Output, first: TableForm, ...others: readonly TableForm[]): void {
  for (const { columns, rows } of [first, ...others]) {
    const lines = tableLines(columns, rows, output.width);
    if (!lines) continue;
    const [titles = '', ...rest] = lines;
    output.line(output.colours.dim(titles));
    for (const line of rest) output.line(line);
    return;
  }
  for (const line of recordLines(first.columns, first.rows)) output.line(line);
}
