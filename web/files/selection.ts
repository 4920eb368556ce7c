/** What is chosen in the list, by path, and which line has the focus. */
import { computed, effect, signal } from '@preact/signals';
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

/** The focus stays with its file where others come or go, and goes along with a new name. */
let pathInFocus: string | undefined;
let newPath: string | undefined;

export function followTo(path: string): void {
  newPath = path;
}

effect(() => {
  pathInFocus = rows.peek()[focused.value]?.path;
});
effect(() => {
  const list = rows.value;
  const followed = newPath === undefined ? -1 : list.findIndex(({ path }) => path === newPath);
  if (followed >= 0) newPath = undefined;
  const at = followed >= 0 ? followed : list.findIndex(({ path }) => path === pathInFocus);
  if (at >= 0) focused.value = at;
  pathInFocus = list[focused.peek()]?.path;
});

/** What is to be done with a line is to be done with all that are chosen, if it is one of them. */
export const withSelected = (row: Row): Row[] => (isSelected(row.path) ? selected.value : [row]);
