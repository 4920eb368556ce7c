/** What is chosen in the list, by path, and which line has the focus. */
import { computed, signal } from '@preact/signals';
import { rows } from './folder.ts';
import type { Row } from './row.ts';

const chosen = signal<ReadonlySet<string>>(new Set());
/** Index in the list. */
export const focused = signal(0);

/** Only what is in the list still. */
export const selected = computed<Row[]>(() => (chosen.value.size === 0 ? [] : rows.value.filter(({ path }) => chosen.value.has(path))));
export const isSelected = (path: string): boolean => chosen.value.has(path);

export function toggle(path: string): void {
  const next = new Set(chosen.value);
  if (!next.delete(path)) next.add(path);
  chosen.value = next;
}

export function selectAll(): void {
  chosen.value = new Set(rows.value.map(({ path }) => path));
}

export function selectNone(): void {
  if (chosen.value.size > 0) chosen.value = new Set();
}

/** What is to be done with a line is to be done with all that are chosen, if it is one of them. */
export const withSelected = (row: Row): Row[] => (isSelected(row.path) ? selected.value : [row]);
