import { hash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { RestoreList } from '../../../src/catalog/restore-list.ts';
import type { Entry } from '../../../src/core/entry.ts';

const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: '1700000000.000000000', size: 5 };
const content = { sha256: hash('sha256', 'bytes', 'buffer'), chunks: [] };

function newList(): RestoreList {
  const list = new RestoreList();
  onTestFinished(() => list.close());
  return list;
}

function put(list: RestoreList, entry: Pick<Entry, 'path' | 'type' | 'link'>, state: 'wanted' | 'unselected'): void {
  list.entries.put(0, 0, { ...attributes, ...entry }, entry.type === 'file' ? content : null, state);
}

test('wanted hard links to a file that is not wanted: the first becomes the file, the next a link to it', () => {
  const list = newList();
  put(list, { path: 'a/first', type: 'file' }, 'unselected');
  put(list, { path: 'b/second', type: 'hardlink', link: 'a/first' }, 'wanted');
  put(list, { path: 'b/third', type: 'hardlink', link: 'a/first' }, 'wanted');
  put(list, { path: 'c/fourth', type: 'hardlink', link: 'a/first' }, 'unselected');
  list.entries.settle();
  expect(list.entries.find(0, 'b/second')).toMatchObject({ type: 'file', sha256: content.sha256, size: 5 });
  expect(list.entries.find(0, 'b/third')).toMatchObject({ type: 'hardlink', link: 'b/second' });
  expect(list.entries.find(0, 'c/fourth')).toMatchObject({ type: 'hardlink', link: 'a/first' });
});

test('a single file of very many is settled soon: the time does not grow with the square of the entries', () => {
  const list = newList();
  for (let index = 0; index < 20_000; index++) put(list, { path: `folder/file-${index}`, type: 'file' }, 'unselected');
  put(list, { path: 'folder/link', type: 'hardlink', link: 'folder/file-10000' }, 'wanted');
  list.entries.settle();
  expect(list.entries.find(0, 'folder/link')).toMatchObject({ type: 'file' });
}, 15_000);
