/** What can be done with a line, by what this person may do. */
import { downloadUrl } from '../api/library.ts';
import type { Choice } from '../parts/menu.tsx';
import { hashOf, place } from '../shell/router.ts';
import { may } from '../shell/session.ts';
import { question, renaming } from './actions.ts';
import { mayMove } from './drag.ts';
import { folderOf, type Row } from './row.ts';

/** A folder opens; a file is shown in front of the list that it is in. */
export function hrefOf({ path, type }: Row): string {
  const parts = path.split('/');
  if (type === 'folder') return hashOf('files', [...parts, '']);
  const words = place.value.query.get('q');
  return hashOf('files', parts, words ? { q: words } : {});
}

export function choicesFor(row: Row, isSearch: boolean): Choice[] {
  const choices: Choice[] = [];
  if (row.type === 'file') choices.push({ label: 'Download', icon: 'download', href: downloadUrl(row.path), download: true });
  if (isSearch) choices.push({ label: 'Show in its folder', icon: 'folder', href: hashOf('files', [...folderOf(row.path).split('/'), '']) });
  if (mayMove()) {
    choices.push({ label: 'Rename', icon: 'rename', act: () => (renaming.value = row.path) });
    choices.push({ label: 'Move', icon: 'move', act: () => (question.value = { kind: 'move', rows: [row] }) });
  }
  if (may('delete')) choices.push({ label: 'Delete', icon: 'delete', danger: true, act: () => (question.value = { kind: 'delete', rows: [row] }) });
  return choices;
}
