import { afterEach, beforeEach, expect, test } from 'vitest';
import fc from 'fast-check';
import { Catalog } from '../../src/catalog/catalog.ts';
import { CatalogDraft } from '../../src/catalog/draft.ts';
import { Snapshots, type Snapshot } from '../../src/catalog/snapshots.ts';
import { Volumes } from '../../src/catalog/volumes.ts';
import type { Entry } from '../../src/core/entry.ts';

let catalog: Catalog;
let snapshots: Snapshots;
beforeEach(() => {
  catalog = Catalog.openToRead('', false);
  snapshots = new Snapshots(catalog);
});
afterEach(() => catalog.close());

const file = (path: string, size = 1): Entry => ({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: '1.000000000', size });
const folder = (path: string): Entry => ({ ...file(path, 0), type: 'directory' });
const noContent = { sha256: Buffer.alloc(32), chunks: [] };
let counter = 0;

function seal(fill: (draft: CatalogDraft) => void, source = 'docs'): Snapshot {
  const draft = new CatalogDraft(catalog, source);
  fill(draft);
  const id = `20260101-${String(++counter).padStart(6, '0')}-aaaa-${source}`;
  const snapshot = snapshots.seal(id, source, id.slice(0, 20), `2026-01-01T00:00:00.${String(counter).padStart(3, '0')}Z`);
  snapshots.finish(id);
  return snapshot;
}

const put = (draft: CatalogDraft, ...entries: Entry[]): void => {
  for (const entry of entries) draft.put(entry, 'stamp', entry.type === 'file' ? noContent : null);
};
const paths = (snapshot: Snapshot): string[] => [...snapshots.entries(snapshot)].map(({ entry }) => entry.path).sort();

test('a snapshot has what the one before had, with what the draft changes', () => {
  const first = seal((draft) => put(draft, folder('a'), file('a/x', 5), file('b', 7)));
  const second = seal((draft) => {
    put(draft, file('a/y', 1), file('b', 70));
    draft.remove('a/x');
  });
  expect(paths(first)).toEqual(['a', 'a/x', 'b']);
  expect(paths(second)).toEqual(['a', 'a/y', 'b']);
  expect([first.files, first.bytes, second.files, second.bytes]).toEqual([2, 12, 2, 71]);
  expect(paths(seal(() => {}))).toEqual(paths(second));
});

test('what is below a path goes with it', () => {
  seal((draft) => put(draft, folder('a'), folder('a/b'), file('a/b/c'), file('ab')));
  const after = seal((draft) => {
    draft.remove('a');
    put(draft, file('a'));
  });
  expect(paths(after)).toEqual(['a', 'ab']);
});

test('a snapshot that is taken back never was, and can be taken again', () => {
  const first = seal((draft) => put(draft, file('a'), file('b')));
  const undone = seal((draft) => {
    put(draft, file('b', 9), file('c'));
    draft.remove('a');
  });
  snapshots.undo(undone);
  expect(snapshots.wasUndone(undone.id)).toBe(true);
  expect(snapshots.latest('docs')!.id).toBe(first.id);
  expect(paths(first)).toEqual(['a', 'b']);
  expect([...new CatalogDraft(catalog, 'docs').previous('').keys()].sort()).toEqual(['a', 'b']);
  expect(paths(seal((draft) => put(draft, file('d'))))).toEqual(['a', 'b', 'd']);
});

test('names are kept byte for byte', () => {
  const names = ['new\nline', 'é', 'e\u0301', '\udcff not utf-8', '\ufeffmark', 'quote"\'', 'a'.repeat(255)];
  const snapshot = seal((draft) => put(draft, folder('\udcfe'), ...names.map((name) => file(`\udcfe/${name}`)), ...names.map((name) => file(name))));
  expect(paths(snapshot)).toEqual(['\udcfe', ...names, ...names.map((name) => `\udcfe/${name}`)].sort());
  expect([...new CatalogDraft(catalog, 'docs').previous('\udcfe').keys()].sort()).toEqual([...names].sort());
});

test('two sources do not see each other', () => {
  seal((draft) => put(draft, file('a')), 'docs');
  const other = seal((draft) => put(draft, file('b')), 'music');
  expect(paths(other)).toEqual(['b']);
  expect(other.number).toBe(1);
});

test('a snapshot of one source leaves alone what a killed run had read of another, and nothing of its own draft', () => {
  const volume = new Volumes(catalog).create('tar', 'run', 'docs');
  const content = { sha256: Buffer.alloc(32), chunks: [new Volumes(catalog).addPlace(Buffer.alloc(32, 1), { volume, offset: 0, length: 1 })] };
  new CatalogDraft(catalog, 'music').put(file('song'), 'stamp', content);
  seal((draft) => draft.put(file('letter'), 'stamp', content), 'docs');
  expect(new CatalogDraft(catalog, 'docs').adopt(file('letter'), 'stamp')).toBe(false);
  expect(new CatalogDraft(catalog, 'music').adopt(file('song'), 'stamp')).toBe(true);
});

test('a draft that was left over is adopted only where the stamp is the same and the chunks are stored', () => {
  const volumes = new Volumes(catalog);
  const volume = volumes.create('tar', 'run', 'docs');
  const chunk = volumes.addPlace(Buffer.alloc(32, 1), { volume, offset: 0, length: 1 });
  const lost = volumes.create('tar', 'run', 'docs');
  const lostChunk = volumes.addPlace(Buffer.alloc(32, 2), { volume: lost, offset: 0, length: 1 });
  const killed = new CatalogDraft(catalog, 'docs');
  killed.put(file('stored'), 'stamp', { sha256: Buffer.alloc(32), chunks: [chunk] });
  killed.put(file('unstamped'), '', { sha256: Buffer.alloc(32), chunks: [chunk] });
  killed.put(file('not stored'), 'stamp', { sha256: Buffer.alloc(32), chunks: [lostChunk] });
  volumes.markStored(volume, 1);
  volumes.discardOpen();
  const next = new CatalogDraft(catalog, 'docs');
  expect(next.adopt(file('stored'), 'other')).toBe(false);
  expect(next.adopt(file('stored'), 'stamp')).toBe(true);
  expect(next.adopt(file('unstamped'), '')).toBe(false);
  expect(next.adopt(file('not stored'), 'stamp')).toBe(false);
  const snapshot = seal(() => {});
  expect(paths(snapshot)).toEqual([]);
});

test('a difference laid over its base is the snapshot, whichever two are taken', () => {
  const names = ['a', 'b', 'c/d', 'c/e', 'c', 'f'];
  const change = fc.oneof(
    fc.record({ put: fc.constantFrom(...names), size: fc.nat(5) }),
    fc.record({ remove: fc.constantFrom(...names) }),
  );
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 5 }), { minLength: 2, maxLength: 6 }), (history) => {
      const source = `s${counter}`;
      const taken = history.map((changes) =>
        seal((draft) => {
          for (const step of changes) {
            if ('put' in step) put(draft, file(step.put, step.size));
            else draft.remove(step.remove);
          }
        }, source),
      );
      const full = (snapshot: Snapshot): Map<string, number> => new Map([...snapshots.entries(snapshot)].map(({ entry }) => [entry.path, entry.size]));
      for (const [index, snapshot] of taken.entries()) {
        const entries = full(snapshot);
        expect(snapshot.files).toBe(entries.size);
        expect(snapshot.bytes).toBe([...entries.values()].reduce((sum, size) => sum + size, 0));
        for (const base of taken.slice(0, index)) {
          const laid = full(base);
          for (const { entry } of snapshots.changedSince(snapshot, base)) laid.set(entry.path, entry.size);
          for (const path of snapshots.removedSince(snapshot, base)) expect(laid.delete(path)).toBe(true);
          expect(new Map([...laid].sort())).toEqual(new Map([...entries].sort()));
        }
      }
    }),
    { numRuns: 60 },
  );
});
