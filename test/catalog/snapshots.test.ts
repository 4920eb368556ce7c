import { afterEach, beforeEach, expect, test } from 'vitest';
import { CatalogDraft } from '../../src/catalog/draft.ts';
import { Volumes } from '../../src/catalog/volumes.ts';
import { file, folder, put, SnapshotSetting } from './snapshot-setting.ts';

let setting: SnapshotSetting;
beforeEach(() => {
  setting = new SnapshotSetting();
});
afterEach(() => setting.catalog.close());

test('a snapshot has what the one before had, with what the draft changes', () => {
  const first = setting.seal((draft) => put(draft, folder('a'), file('a/x', 5), file('b', 7)));
  const second = setting.seal((draft) => {
    put(draft, file('a/y', 1), file('b', 70));
    draft.remove('a/x');
  });
  expect(setting.paths(first)).toEqual(['a', 'a/x', 'b']);
  expect(setting.paths(second)).toEqual(['a', 'a/y', 'b']);
  expect([first.files, first.bytes, second.files, second.bytes]).toEqual([2, 12, 2, 71]);
  expect(setting.paths(setting.seal(() => {}))).toEqual(setting.paths(second));
});

test('what is below a path goes with it', () => {
  setting.seal((draft) => put(draft, folder('a'), folder('a/b'), file('a/b/c'), file('ab')));
  const after = setting.seal((draft) => {
    draft.remove('a');
    put(draft, file('a'));
  });
  expect(setting.paths(after)).toEqual(['a', 'ab']);
});

test('a snapshot that is taken back never was, and can be taken again', () => {
  const first = setting.seal((draft) => put(draft, file('a'), file('b')));
  const undone = setting.seal((draft) => {
    put(draft, file('b', 9), file('c'));
    draft.remove('a');
  });
  setting.snapshots.undo(undone);
  expect(setting.snapshots.wasUndone(undone.id)).toBe(true);
  expect(setting.snapshots.latest('docs')!.id).toBe(first.id);
  expect(setting.paths(first)).toEqual(['a', 'b']);
  expect([...new CatalogDraft(setting.catalog, 'docs').previous('').keys()].sort()).toEqual(['a', 'b']);
  expect(setting.paths(setting.seal((draft) => put(draft, file('d'))))).toEqual(['a', 'b', 'd']);
});

test('two sources do not see each other', () => {
  setting.seal((draft) => put(draft, file('a')), 'docs');
  const other = setting.seal((draft) => put(draft, file('b')), 'music');
  expect(setting.paths(other)).toEqual(['b']);
  expect(other.number).toBe(1);
});

test('a snapshot of one source leaves alone what a killed run had read of another, and nothing of its own draft', () => {
  const volume = new Volumes(setting.catalog).create('tar', 'run', 'docs');
  const content = { sha256: Buffer.alloc(32), chunks: [new Volumes(setting.catalog).addPlace(Buffer.alloc(32, 1), { volume, offset: 0, length: 1 })] };
  new CatalogDraft(setting.catalog, 'music').put(file('song'), 'stamp', content);
  setting.seal((draft) => draft.put(file('letter'), 'stamp', content), 'docs');
  expect(new CatalogDraft(setting.catalog, 'docs').adopt(file('letter'), 'stamp')).toBe(false);
  expect(new CatalogDraft(setting.catalog, 'music').adopt(file('song'), 'stamp')).toBe(true);
});

test('a draft that was left over is adopted only where the stamp is the same and the chunks are stored', () => {
  const volumes = new Volumes(setting.catalog);
  const volume = volumes.create('tar', 'run', 'docs');
  const chunk = volumes.addPlace(Buffer.alloc(32, 1), { volume, offset: 0, length: 1 });
  const lost = volumes.create('tar', 'run', 'docs');
  const lostChunk = volumes.addPlace(Buffer.alloc(32, 2), { volume: lost, offset: 0, length: 1 });
  const killed = new CatalogDraft(setting.catalog, 'docs');
  killed.put(file('stored'), 'stamp', { sha256: Buffer.alloc(32), chunks: [chunk] });
  killed.put(file('unstamped'), '', { sha256: Buffer.alloc(32), chunks: [chunk] });
  killed.put(file('not stored'), 'stamp', { sha256: Buffer.alloc(32), chunks: [lostChunk] });
  volumes.markStored(volume, 1);
  volumes.discardOpen();
  const next = new CatalogDraft(setting.catalog, 'docs');
  expect(next.adopt(file('stored'), 'other')).toBe(false);
  expect(next.adopt(file('stored'), 'stamp')).toBe(true);
  expect(next.adopt(file('unstamped'), '')).toBe(false);
  expect(next.adopt(file('not stored'), 'stamp')).toBe(false);
  const snapshot = setting.seal(() => {});
  expect(setting.paths(snapshot)).toEqual([]);
});
