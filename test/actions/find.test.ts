import { createHash } from 'node:crypto';
import { chmodSync, linkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findVersions, type FindOptions } from '../../src/actions/find.ts';
import { forget, lookingAt, type Looking } from './looking.ts';
import { noise } from './store-builder.ts';

let looking: Looking;
let runs: string[];
/** Several chunks, and with a second one the same chunks and more. */
const large = noise(9 * 2 ** 20, 'large').toString('latin1');
beforeAll(async () => {
  looking = await lookingAt();
  const { backup } = looking;
  backup.write({ 'docs/large.bin': large, 'docs/*.odd': 'a star' });
  linkSync(join(backup.folder, 'docs/sub/b.txt'), join(backup.folder, 'docs/sub/second-name.txt'));
  runs = [await looking.later()];
  backup.write({ 'docs/a.txt': 'first, changed', 'music/a.txt': 'first' });
  looking.move('docs/sub/deep/c.txt', 'docs/sub/deep/moved.txt');
  runs.push(await looking.later());
  runs.push(await looking.later());
  looking.gone('docs/a.txt');
  chmodSync(join(backup.folder, 'docs/subject.txt'), 0o600);
  runs.push(await looking.later());
});
afterAll(() => looking.backup.remove());

/** Each version as its path and the numbers of its first and last run. */
async function find(patterns: string[], options: Partial<FindOptions> = {}): Promise<string[]> {
  const found: string[] = [];
  const all = { ...looking.backup.around, patterns, sources: [], filter: {}, ...options };
  for await (const { source, entry, span } of findVersions(all)) {
    found.push(`${source}/${entry.path} ${runs.indexOf(span.first.run)}-${runs.indexOf(span.last.run)} of ${span.count}`);
  }
  return found;
}
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

test('each version of a name at any depth, and the snapshots that have it', async () => {
  expect(await find(['a.txt'])).toEqual(['docs/a.txt 0-0 of 1', 'docs/a.txt 1-2 of 2', 'music/a.txt 1-3 of 3']);
  expect(await find(['c.txt', 'moved.*'])).toEqual(['docs/sub/deep/c.txt 0-0 of 1', 'docs/sub/deep/moved.txt 1-3 of 3']);
  expect(await find(['subject.txt'])).toEqual(['docs/subject.txt 0-2 of 3', 'docs/subject.txt 3-3 of 1']);
});

test('paths and globs as a restore understands them, but not what is below', async () => {
  expect(await find(['docs/sub'])).toEqual(['docs/sub 0-3 of 4']);
  expect(await find(['sub/b.txt', '/docs/sub/b.txt'])).toEqual(['docs/sub/b.txt 0-3 of 4']);
  expect(await find(['docs/sub/**/*.txt'])).toEqual(['docs/sub/b.txt 0-3 of 4', 'docs/sub/second-name.txt 0-3 of 4', 'docs/sub/deep/c.txt 0-0 of 1', 'docs/sub/deep/moved.txt 1-3 of 3']);
  expect(await find(['*.odd'])).toEqual(['docs/*.odd 0-3 of 4']);
  expect(await find(['ub'])).toEqual([]);
});

test('in one snapshot, or in one source', async () => {
  expect(await find(['a.txt'], { snapshot: 'latest' })).toEqual(['music/a.txt 1-3 of 3']);
  expect(await find(['a.txt'], { snapshot: runs[2] })).toEqual(['docs/a.txt 1-2 of 2', 'music/a.txt 1-3 of 3']);
  expect(await find(['a.txt'], { sources: ['docs'] })).toEqual(['docs/a.txt 0-0 of 1', 'docs/a.txt 1-2 of 2']);
  await expect(find(['a.txt'], { sources: ['dosc'] })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND', hint: expect.stringContaining('docs') as string });
  await expect(find(['a.txt'], { snapshot: '1999' })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
});

test('by size, time and type', async () => {
  expect(await find([], { filter: { larger: 2 ** 20 } })).toEqual(['docs/large.bin 0-3 of 4']);
  expect(await find(['*.txt'], { filter: { types: ['file'], smaller: 6 } })).toEqual(['docs/a.txt 0-0 of 1', 'docs/sub/deep/c.txt 0-0 of 1', 'docs/sub/deep/moved.txt 1-3 of 3', 'music/a.txt 1-3 of 3']);
  expect(await find([], { filter: { types: ['directory'] }, snapshot: 'latest' })).toEqual(['docs/sub 0-3 of 4', 'docs/sub/deep 1-3 of 3']);
  const now = Date.now() / 1000;
  expect(await find(['a.txt'], { filter: { older: now - 3600 } })).toEqual([]);
  expect((await find(['a.txt'], { filter: { newer: now - 3600 } })).length).toBe(3);
});

test('every name of a content, hard links among them', async () => {
  expect(await find([], { filter: { sha256: hash('first') } })).toEqual(['docs/a.txt 0-0 of 1', 'music/a.txt 1-3 of 3']);
  expect(await find([], { filter: { sha256: hash('second') } })).toEqual(['docs/sub/b.txt 0-3 of 4', 'docs/sub/second-name.txt 0-3 of 4']);
  expect(await find([], { filter: { sha256: hash(large) } })).toEqual(['docs/large.bin 0-3 of 4']);
  expect(await find([], { filter: { sha256: hash('never stored') } })).toEqual([]);
});

test('the files that hold a chunk', async () => {
  let chunk: Buffer | undefined;
  looking.inCatalog((catalog) => (chunk = Buffer.from(catalog.get('SELECT sha256 FROM chunks WHERE length > 100000 LIMIT 1')!['sha256'] as Uint8Array)));
  const found = [];
  for await (const { entry, isPart } of findVersions({ ...looking.backup.around, patterns: [], sources: [], filter: { sha256: chunk! } })) found.push([entry.path, isPart]);
  expect(found).toEqual([['large.bin', true]]);
});

test('snapshots that were forgotten are in no span', async () => {
  looking.inCatalog((catalog) => forget(catalog, runs[0]!));
  expect(await find(['a.txt', 'c.txt', 'moved.txt'])).toEqual(['docs/a.txt 1-2 of 2', 'docs/sub/deep/moved.txt 1-3 of 3', 'music/a.txt 1-3 of 3']);
  looking.inCatalog((catalog) => forget(catalog, runs[2]!));
  expect(await find(['a.txt'])).toEqual(['docs/a.txt 1-1 of 1', 'music/a.txt 1-3 of 2']);
});

test('without a catalog it says what brings one back', async () => {
  rmSync(join(looking.backup.folder, 'state'), { recursive: true });
  await expect(find(['a.txt'])).rejects.toMatchObject({ code: 'NOTHING_STORED', hint: expect.stringContaining('bat sync') as string });
});

test('a file that was read again and found as it was is no other version', async () => {
  const again = await lookingAt();
  try {
    await again.later();
    const path = join(again.backup.folder, 'docs/sub/b.txt');
    // Its inode has another time of change now, which is all that a run looks at before it reads it again.
    chmodSync(path, 0o600);
    chmodSync(path, 0o644);
    await again.later();
    const found = await Array.fromAsync(findVersions({ ...again.backup.around, patterns: ['b.txt'], sources: [], filter: {} }));
    expect(found.map(({ entry, span }) => [entry.path, span.count])).toEqual([['sub/b.txt', 2]]);
  } finally {
    again.backup.remove();
  }
});
