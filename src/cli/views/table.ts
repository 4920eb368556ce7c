/** Plain tables: columns two blanks apart, numbers to the right, no wider than the terminal. */
import stringWidth from 'fast-string-width';

export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** How narrow it may be cut where the table is too wide; not at all without it. */
  least?: number;
}

const gap = '  ';

/** The lines of a table, its titles first; null if it cannot be made to fit. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string[] | null {
  const widths = columns.map((column, index) => Math.max(...[column.title, ...rows.map((row) => row[index] ?? '')].map((cell) => stringWidth(cell))));
  let excess = widths.reduce((sum, each) => sum + each, gap.length * (columns.length - 1)) - width;
  // The widest column that may be cut gives first, so that short ones stay whole.
  while (excess > 0) {
    let widest = -1;
    for (const [index, { least }] of columns.entries()) {
      if (least !== undefined && widths[index]! > least && (widest === -1 || widths[index]! > widths[widest]!)) widest = index;
    }
    if (widest === -1) return null;
    widths[widest]!--;
    excess--;
  }
  return [columns.map((column) => column.title), ...rows].map((row) =>
    columns
      .map(({ align = 'left' }, index) => padded(cut(row[index] ?? '', widths[index]!), widths[index]!, align))
      .join(gap)
      .trimEnd(),
  );
}

/** The same rows one below the other, for a terminal that is too narrow: the first cell as a heading, then a line a column. */
export function recordLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const [, ...rest] = columns;
  const longest = Math.max(...rest.map(({ title }) => stringWidth(title)));
  return rows.flatMap(([head = '', ...cells]) => [head, ...rest.map(({ title }, index) => `${gap}${padded(title, longest, 'left')}${gap}${cells[index] ?? ''}`)]);
}

/** A text cut to a width, with `…` where something is missing. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let result = '';
  let used = 0;
  for (const character of text) {
    const wide = stringWidth(character);
    if (used + wide > width - 1) break;
    result += character;
    used += wide;
  }
  return `${result}…`;
}

function padded(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return align === 'left' ? text + blanks : blanks + text;
}
