/** What is being done with files: which question is open, and the doing of it, with what came of it in words. */
import { signal } from '@preact/signals';
import { formatCount, formatNumber } from '../../src/core/units.ts';
import { ApiError } from '../api/request.ts';
import { makeFolder, move, remove, sync, type SyncAnswer } from '../api/library.ts';
import { describe } from '../parts/describe.ts';
import { notify } from '../shell/notices.tsx';
import { refresh } from './folder.ts';
import type { Row } from './row.ts';
import { followTo, selectNone } from './selection.ts';

export type Question = { kind: 'delete'; rows: Row[] } | { kind: 'move'; rows: Row[] } | { kind: 'new-folder'; folder: string };

export const question = signal<Question | null>(null);
/** The path of the line whose name is being written. */
export const renaming = signal<string | null>(null);
export const syncing = signal(false);

/** `2 files`, `1 folder`, `3 things`: by what there is among them. */
export function countOf(rows: readonly Row[]): string {
  const folders = rows.filter(({ type }) => type === 'folder').length;
  if (folders === 0) return formatCount(rows.length, 'file');
  return folders === rows.length ? formatCount(folders, 'folder') : `${formatCount(folders, 'folder')} and ${formatCount(rows.length - folders, 'file')}`;
}

/** Throws an ApiError. */
export async function rename(row: Row, name: string): Promise<void> {
  const to = `${row.path.slice(0, row.path.length - row.name.length)}${name}`;
  await move(row, to);
  followTo(to);
  notify('good', `"${row.name}" is now "${name}".`);
  refresh();
}

export async function moveAll(rows: readonly Row[], folder: string): Promise<void> {
  // Dropped where they are already: nothing to do.
  const going = rows.filter(({ path, name }) => `${folder}/${name}` !== path);
  await each(going, `moved to "${folder}"`, (row) => move(row, `${folder}/${row.name}`));
}

export async function removeAll(rows: readonly Row[]): Promise<void> {
  await each(rows, 'deleted', remove);
}

/** One after the other; what is refused does not hold up the rest. */
async function each(rows: readonly Row[], done: string, act: (row: Row) => Promise<void>): Promise<void> {
  const well: Row[] = [];
  for (const row of rows) {
    try {
      await act(row);
      well.push(row);
    } catch (error) {
      notify('bad', `"${row.name}": ${describe(error)}`);
      if (error instanceof ApiError && (error.away || error.status === 401)) break;
    }
  }
  if (well.length > 0) notify('good', `${well.length === 1 ? `"${well[0]!.name}"` : countOf(well)} ${done}.`);
  selectNone();
  refresh();
}

/** Throws an ApiError. */
export async function addFolder(folder: string, name: string): Promise<void> {
  await makeFolder(`${folder}/${name}`);
  notify('good', `The folder "${name}" is there.`);
  refresh();
}

export async function lookThrough(folder: string | undefined): Promise<void> {
  syncing.value = true;
  try {
    notify('good', inWords(await sync(folder)));
    refresh();
  } catch (error) {
    notify('bad', describe(error));
  } finally {
    syncing.value = false;
  }
}

function inWords(answer: SyncAnswer): string {
  const parts = (['added', 'renamed', 'changed', 'removed', 'damaged', 'skipped'] as const)
    .filter((kind) => answer[kind] > 0)
    .map((kind) => `${formatNumber(answer[kind])} ${kind}`);
  const notes = answer.notes?.length > 0 ? ` ${answer.notes.slice(0, 3).join(' ')}` : '';
  return `Looked through ${formatCount(answer.files, 'file')}: ${parts.length === 0 ? 'all is as it was' : parts.join(', ')}.${notes}`;
}

