/** The comparison of two hash tables, held to a model of the place that is filled: a map of paths that refuses what no disk would do. */
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { MirrorLists } from '../../src/catalog/mirror-lists.ts';

type Tree = Map<string, string>;

const contents = ['a', 'b', 'c', 'd', 'e'];
/** Few names, so that files lie where folders are wanted, and contents under the names of each other. */
const paths = ['x', 'y', 'x/p', 'x/q', 'y/p', 'x/p/r', 'z', 'z/p', 'waiting', 'waiting/1/x', 'waiting/1/x/p'];
const outside = 'elsewhere/f';

const trees: fc.Arbitrary<Tree> = fc.array(fc.tuple(fc.constantFrom(...paths), fc.constantFrom(...contents)), { maxLength: 9 }).map((pairs) => {
  const tree: Tree = new Map();
  for (const [path, content] of pairs) if (!meets(tree, path)) tree.set(path, content);
  return tree;
});

/** The path itself, a folder above it, or something below it. */
function meets(tree: Tree, path: string): boolean {
  return [...tree.keys()].some((other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
}

const shaOf = (content: string): string => createHash('sha256').update(content).digest('hex');
const asideOf = (path: string, attempt: number): string => `waiting${attempt === 1 ? '' : ` (${attempt})`}/1/${path}`;

function compared(from: Tree, to: Tree, elsewhere: string | null): MirrorLists {
  const lists = new MirrorLists();
  for (const [path, content] of from) lists.want({ path, size: content.length, mtime: '0', sha256: shaOf(content) });
  for (const [path, content] of to) lists.have({ path, size: content.length, sha256: shaOf(content) });
  if (elsewhere !== null) lists.have({ path: outside, size: 1, sha256: shaOf(elsewhere), outside: true });
  lists.compare(asideOf);
  return lists;
}

/** What is to be done, in order; each throws where a disk would refuse it. */
function* works(lists: MirrorLists, from: Tree, to: Tree, elsewhere: string | null, sent: string[]): Generator<() => void> {
  const place = (path: string, content: string): void => {
    if (meets(to, path)) throw new Error(`${path} is in use`);
    to.set(path, content);
  };
  const moved = (source: string, path: string, sha256: string): void => {
    const content = to.get(source);
    if (content === undefined || shaOf(content) !== sha256) throw new Error(`${source} does not have what is moved from it`);
    to.delete(source);
    place(path, content);
  };
  for (const { from: source, to: path, sha256 } of lists.asides()) yield () => moved(source, path, sha256);
  for (const phase of [1, 2] as const) for (const { from: source, to: path, sha256 } of lists.moves(phase)) yield () => moved(source, path, sha256);
  for (const { path, sha256 } of lists.sends()) {
    yield () => {
      const content = from.get(path)!;
      if (shaOf(content) !== sha256) throw new Error(`${path} was to be sent with another hash`);
      place(path, content);
      sent.push(content);
    };
  }
  for (const { from: source, to: path, sha256 } of lists.copies()) {
    yield () => {
      const content = source === outside ? elsewhere! : to.get(source);
      if (content === undefined || shaOf(content) !== sha256) throw new Error(`${source} does not have what is copied from it`);
      place(path, content);
    };
  }
}

test('carried out on a model it is what is wanted, nothing is lost, and nothing is sent that was there, wherever it was stopped before', () => {
  fc.assert(
    fc.property(trees, trees, fc.option(fc.constantFrom(...contents)), fc.option(fc.nat(12)), (from, start, elsewhere, stop) => {
      const to = new Map(start);
      const before = new Set([...start.values(), ...(elsewhere === null ? [] : [elsewhere])]);
      const sent: string[] = [];
      let left = stop ?? 0;
      // First a run that ends anywhere, then a whole one.
      for (const isStopped of stop === null ? [false] : [true, false]) {
        const lists = compared(from, to, elsewhere);
        try {
          for (const work of works(lists, from, to, elsewhere, sent)) {
            if (isStopped && left-- === 0) break;
            work();
          }
          if (isStopped) continue;
          expect([...to].filter(([path, content]) => from.get(path) !== content).map(([path]) => path).sort()).toEqual(
            [...[...lists.extras()].map(({ path }) => path), ...[...lists.asides()].filter(({ isKept }) => isKept).map(({ to: path }) => path)].sort(),
          );
        } finally {
          lists.close();
        }
      }
      for (const [path, content] of from) expect(to.get(path)).toBe(content);
      const after = new Set([...to.values(), ...(elsewhere === null ? [] : [elsewhere])]);
      for (const content of before) expect(after).toContain(content);
      for (const content of sent) expect(before).not.toContain(content);
      expect(new Set(sent).size).toBe(sent.length);
    }),
    { numRuns: Number(process.env['BAT_MODEL_RUNS'] ?? 1500) },
  );
});

test('what waits is known again by its path and content alone', () => {
  const lists = new MirrorLists();
  lists.want({ path: 'kept', size: 1, mtime: '0', sha256: shaOf('a') });
  for (const [path, content] of [['old', 'b'], ['changed', 'c']] as const) lists.have({ path, size: 1, sha256: shaOf(content) });
  for (const [path, content] of [['old', 'b'], ['changed', 'before'], ['gone', 'd']] as const) lists.noteWaiting({ path, sha256: shaOf(content), since: '2026-11-01T00:00:00.000Z' });
  lists.compare(asideOf);
  expect([...lists.extras()].map(({ path, since }) => [path, since])).toEqual([['changed', null], ['old', '2026-11-01T00:00:00.000Z']]);
  expect(lists.wanted()).toEqual({ files: 1, bytes: 1 });
  lists.close();
});
