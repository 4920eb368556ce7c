import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { ChunkHashes } from '../../src/catalog/chunk-hashes.ts';

let folder: string;
let catalog: Catalog;
const reopen = (): void => {
  catalog.flush();
  catalog.close();
  catalog = Catalog.open(join(folder, 'catalog.db'));
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-hashes-'));
  catalog = Catalog.open(join(folder, 'catalog.db'));
});
afterEach(() => {
  catalog.close();
  rmSync(folder, { recursive: true, force: true });
});

const sha = (number: number): Buffer => createHash('sha256').update(`${number}`).digest();
const count = (table: string): number => catalog.get(`SELECT count(*) AS count FROM ${table}`)!['count'] as number;

test('what was added is found at once, and in a catalog that is opened again', () => {
  expect(ChunkHashes.of(catalog).find(sha(1))).toBeNull();
  const chunk = ChunkHashes.of(catalog).add(sha(1), 10);
  expect(ChunkHashes.of(catalog).find(sha(1))).toBe(chunk);
  reopen();
  expect(ChunkHashes.of(catalog).find(sha(1))).toBe(chunk);
  expect(ChunkHashes.of(catalog).find(sha(2))).toBeNull();
  const another = ChunkHashes.of(catalog).add(sha(2), 10);
  expect(ChunkHashes.of(catalog).find(sha(2))).toBe(another);
});

test('hashes that begin alike are told apart', () => {
  const alike = (last: number): Buffer => Buffer.concat([Buffer.alloc(31, 7), Buffer.of(last)]);
  const hashes = ChunkHashes.of(catalog);
  const chunks = [1, 2, 3].map((last) => hashes.add(alike(last), 10));
  reopen();
  expect([1, 2, 3, 4].map((last) => ChunkHashes.of(catalog).find(alike(last)))).toEqual([...chunks, null]);
});

test('many go over to the large index, those of an earlier run among them; each is found, once', () => {
  const total = 70_000;
  const chunks: number[] = [];
  for (let number = 0; number < total; number++) {
    if (number === 30_000) reopen();
    chunks.push(ChunkHashes.of(catalog).add(sha(number), 10));
  }
  expect(count('recent_hashes')).toBe(total - 65_536);
  expect(count('chunk_hashes')).toBe(65_536);
  for (let number = 0; number < total; number += 97) expect(ChunkHashes.of(catalog).find(sha(number))).toBe(chunks[number]);
  expect(ChunkHashes.of(catalog).find(sha(total))).toBeNull();
});

test('what was removed is not found, wherever it stood, and may be added again', () => {
  const hashes = ChunkHashes.of(catalog);
  const first = hashes.add(sha(0), 10);
  for (let number = 1; number < 65_537; number++) hashes.add(sha(number), 10);
  const last = hashes.find(sha(65_536))!;
  hashes.remove(first);
  hashes.remove(last);
  expect([hashes.find(sha(0)), hashes.find(sha(65_536))]).toEqual([null, null]);
  expect(count('chunks')).toBe(65_535);
  expect(count('recent_hashes') + count('chunk_hashes')).toBe(65_535);
  const again = hashes.add(sha(0), 10);
  expect(hashes.find(sha(0))).toBe(again);
});
