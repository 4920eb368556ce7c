/** A snapshot as a tree: bases, what is removed, and what must not be believed. */
import { expect, test } from 'vitest';
import type { ManifestEntry, ManifestLine } from '../../../src/volume/manifest.ts';
import type { SnapshotLine, StoredManifest } from '../../../src/volume/snapshot-reading.ts';
import { SnapshotTree, type TreeNode } from '../../../web/backups/vault/snapshot-tree.ts';

const stored = { manifestName: 'manifests/x.jsonl' } as StoredManifest;
const hash = 'a'.repeat(64);
const header = (): ManifestLine => ({ kind: 'header', header: { snapshot: 'x' } as never });
const volume: ManifestLine = { kind: 'volume', volume: { number: 0, name: 'volumes/x.tar', size: 100, sha256: hash, decoded: 100, codec: 'none', sealed: false, frames: [], targets: {} } };
const entry = (path: string, type: ManifestEntry['type'] = 'file', size = 10): ManifestLine => ({
  kind: 'entry',
  entry: { path, type, mode: 0o644, uid: 0, gid: 0, mtime: '1700000000.500000000', size: type === 'file' ? size : 0, ...(type === 'file' ? { sha256: hash, chunks: [{ volume: 0, offset: 0, length: size, sha256: hash }] } : {}) },
});
const removed = (path: string): ManifestLine => ({ kind: 'removed', path });

function treeOf(...lines: ManifestLine[]): SnapshotTree {
  const tree = new SnapshotTree();
  for (const line of lines) tree.add({ stored, depth: 0, line } satisfies SnapshotLine);
  tree.finish();
  return tree;
}

function shown(node: TreeNode, above = ''): string[] {
  return [...(node.children?.values() ?? [])].flatMap((child) => [`${above}${child.name}${child.refused === undefined ? '' : ' !'}`, ...shown(child, `${above}${child.name}/`)]).sort();
}

test('entries are laid over those of the base, and a removed path is taken away, exactly that one', () => {
  const tree = treeOf(header(), volume, entry('a'), entry('d', 'directory'), entry('d/x'), entry('d/y'), entry('gone/inner'), header(), volume, entry('a', 'file', 20), removed('d'), removed('d/x'), removed('gone/inner'), removed('never'));
  expect(shown(tree.root)).toEqual(['a', 'd', 'd/y']);
  expect(tree.find('a')).toMatchObject({ size: 20, layer: 1 });
  expect(tree.find('d')).toMatchObject({ type: null, files: 1, size: 10 });
  expect([tree.root.files, tree.root.size, tree.entries]).toEqual([2, 30, 2]);
});

test('chunks are of the volumes of their own manifest', () => {
  const tree = treeOf(header(), volume, entry('a'), header(), volume, entry('b'));
  expect([tree.find('a')!.chunks[0]!.volume, tree.find('b')!.chunks[0]!.volume]).toEqual([0, 1]);
});

test('a path that leads out is left out and counted, and what contradicts itself is refused', () => {
  const tree = treeOf(header(), volume, entry('../out'), entry('/etc/passwd'), entry('a//b'), entry('a\0b'), entry('twice'), entry('twice'), entry('file'), entry('file/below'), entry('link', 'symlink'), entry('link/deep/er'));
  expect(tree.dangerous).toBe(4);
  expect(shown(tree.root)).toEqual(['file', 'file/below !', 'link', 'link/deep !', 'link/deep/er !', 'twice !']);
  expect(tree.find('file/below')!.refused).toBe('the snapshot has what is above it as a file, not as a folder');
});

test('a manifest that speaks of places that there are not is damaged', () => {
  const bad = (change: object): ManifestLine => ({ kind: 'entry', entry: { ...(entry('a') as { entry: ManifestEntry }).entry, chunks: [{ volume: 0, offset: 0, length: 10, sha256: hash, ...change }] } });
  expect(() => treeOf(header(), volume, bad({ volume: 1 }))).toThrow('a volume 1 that it does not describe');
  expect(() => treeOf(header(), volume, bad({ offset: 95 }))).toThrow('behind the end of its volume');
  expect(() => treeOf(header(), volume, volume)).toThrow('two volumes of the number 0');
  expect(() => treeOf(header(), { kind: 'volume', volume: { ...(volume as { volume: object }).volume, name: '../x' } as never })).toThrow('cannot be one of its volumes');
});

test('a manifest that would fill the memory of a page is refused: by entries, by folders that one path names, by pieces', () => {
  const add = (tree: SnapshotTree, ...lines: ManifestLine[]): void => {
    for (const line of [header(), volume, ...lines]) tree.add({ stored, depth: 0, line });
  };
  const few = { entries: 3, folders: 5, pieces: 10 };
  expect(() => add(new SnapshotTree(few), entry('a'), entry('b'), entry('c'), entry('d'))).toThrow('more than 3 entries');
  expect(() => add(new SnapshotTree(few), entry(Array.from({ length: 9 }, () => 'x').join('/')))).toThrow('more than 5 folders');
  const { entry: one } = entry('a') as { entry: ManifestEntry };
  const many: ManifestLine = { kind: 'entry', entry: { ...one, chunks: Array.from({ length: 11 }, () => ({ ...one.chunks![0]! })) } };
  expect(() => add(new SnapshotTree(few), many)).toThrow('more than 10 pieces');
  // What a later manifest replaces or removes does not count any more.
  const changing = Array.from({ length: 20 }, () => [entry('a'), removed('a')]).flat();
  expect(() => add(new SnapshotTree(few), ...changing)).not.toThrow();
});
