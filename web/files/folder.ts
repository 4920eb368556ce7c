/** The folder that is looked at, or what was searched for: its rows, part after part as they come. */
import { computed, effect, signal } from '@preact/signals';
import { listFolder, searchNames } from '../api/library.ts';
import { landed } from '../upload/queue.ts';
import { rowOfEntry, rowOfFound, sorted, type Order, type Row } from './row.ts';

export type Wanted = { folder: string } | { words: string };

const searchMost = 500;

export const wanted = signal<Wanted | null>(null);
export const order = signal<Order>({ key: 'name', descending: false });
export const loading = signal(false);
export const problem = signal<unknown>(null);
/** There is more than is shown of what was searched. */
export const cutOff = signal(false);

const found = signal<{ rows: Row[]; whole: boolean }>({ rows: [], whole: false });
/** Sorted once the list is whole: until then as the server gives it, by name. */
export const rows = computed(() => {
  const { rows, whole } = found.value;
  return whole ? sorted(rows, order.value) : rows;
});

let running = new AbortController();

/** Shows another folder or search. The same one is left as it is. */
export function show(what: Wanted): void {
  if (JSON.stringify(what) === JSON.stringify(wanted.value)) return;
  wanted.value = what;
  found.value = { rows: [], whole: false };
  void load(false);
}

/** Looks again. What is shown stays until the answer is there. */
export function refresh(): void {
  void load(true);
}

/** To be called when the view is left: coming back looks again. */
export function leave(): void {
  running.abort();
  wanted.value = null;
}

async function load(keep: boolean): Promise<void> {
  running.abort();
  const { signal } = (running = new AbortController());
  const what = wanted.value;
  if (!what) return;
  loading.value = true;
  problem.value = null;
  try {
    if ('words' in what) await loadFound(what.words, signal);
    else await loadFolder(what.folder, keep, signal);
  } catch (error) {
    if (signal.aborted) return;
    problem.value = error;
    found.value = { rows: [], whole: true };
  } finally {
    if (!signal.aborted) loading.value = false;
  }
}

async function loadFolder(folder: string, keep: boolean, signal: AbortSignal): Promise<void> {
  cutOff.value = false;
  const all: Row[] = [];
  let after: string | undefined;
  do {
    const { entries, next } = await listFolder(folder, after, signal);
    signal.throwIfAborted();
    for (const entry of entries) all.push(rowOfEntry(folder, entry));
    after = next;
    if (!keep || after === undefined) found.value = { rows: all.slice(), whole: after === undefined };
  } while (after !== undefined);
}

async function loadFound(words: string, signal: AbortSignal): Promise<void> {
  const { files, more } = await searchNames(words, undefined, searchMost, signal);
  signal.throwIfAborted();
  cutOff.value = more ?? files.length >= searchMost;
  found.value = { rows: files.map(rowOfFound), whole: true };
}

// What lands while the folder is looked at shows up, a moment after the last of it.
let soon: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  if (landed.value === 0) return;
  soon ??= setTimeout(() => {
    soon = undefined;
    if (wanted.value) refresh();
  }, 1000);
});
