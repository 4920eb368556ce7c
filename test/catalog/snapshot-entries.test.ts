import { afterEach, beforeEach, expect, test } from 'vitest';
import fc from 'fast-check';
import { CatalogDraft } from '../../src/catalog/draft.ts';
import type { Snapshot } from '../../src/catalog/snapshots.ts';
import { file, folder, put, SnapshotSetting } from './snapshot-setting.ts';

let setting: SnapshotSetting;
beforeEach(() => {
  setting = new SnapshotSetting();
});
afterEach(() => setting.catalog.close());

test('names are kept byte for byte', () => {
  const names = ['new\nline', 'é', 'e\u0301', '\udcff not utf-8', '\ufeffmark', 'quote"\'', 'a'.repeat(255)];
  const snapshot = setting.seal((draft) => put(draft, folder('\udcfe'), ...names.map((name) => file(`\udcfe/${name}`)), ...names.map((name) => file(name))));
  expect(setting.paths(snapshot)).toEqual(['\udcfe', ...names, ...names.map((name) => `\udcfe/${name}`)].sort());
  expect([...new CatalogDraft(setting.catalog, 'docs').previous('\udcfe').keys()].sort()).toEqual([...names].sort());
});

test('a difference laid over its base is the snapshot, whichever two are taken', () => {
  const names = ['a', 'b', 'c/d', 'c/e', 'c', 'f'];
  const change = fc.oneof(
    fc.record({ put: fc.constantFrom(...names), size: fc.nat(5) }),
    fc.record({ remove: fc.constantFrom(...names) }),
  );
  let sources = 0;
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 5 }), { minLength: 2, maxLength: 6 }), (history) => {
      const source = `s${++sources}`;
      const taken = history.map((changes) =>
        setting.seal((draft) => {
          for (const step of changes) {
            if ('put' in step) put(draft, file(step.put, step.size));
            else draft.remove(step.remove);
          }
        }, source),
      );
      const full = (snapshot: Snapshot): Map<string, number> => new Map([...setting.entries.inOrder(snapshot)].map(({ entry }) => [entry.path, entry.size]));
      for (const [index, snapshot] of taken.entries()) {
        const entries = full(snapshot);
        expect(snapshot.files).toBe(entries.size);
        expect(snapshot.bytes).toBe([...entries.values()].reduce((sum, size) => sum + size, 0));
        for (const base of taken.slice(0, index)) {
          const laid = full(base);
          for (const { entry } of setting.entries.changedSince(snapshot, base)) laid.set(entry.path, entry.size);
          for (const path of setting.entries.removedSince(snapshot, base)) expect(laid.delete(path)).toBe(true);
          expect(new Map([...laid].sort())).toEqual(new Map([...entries].sort()));
        }
      }
    }),
    { numRuns: 60 },
  );
});
