import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileHashes } from '../../src/catalog/file-hashes.ts';

const day = 86_400_000;
const one = 'a'.repeat(64);
const other = 'b'.repeat(64);

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-hashes-'));
  file = join(folder, 'deep', 'hashes.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (now?: number, onDamage: (reason: string) => void = (reason) => expect.fail(reason)): FileHashes => FileHashes.open(file, onDamage, now);

test('what was set is found, by this one and by the next, the last word counting', () => {
  const hashes = open();
  hashes.set('/a', { stamp: '1', sha256: one });
  hashes.set('/a', { stamp: '2', sha256: other });
  expect(hashes.find('/a')).toEqual({ stamp: '2', sha256: other });
  hashes.close();
  const next = open();
  expect(next.find('/a')).toEqual({ stamp: '2', sha256: other });
  expect(next.find('/b')).toBeNull();
  next.forget('/a');
  expect(next.find('/a')).toBeNull();
  next.close();
});

test('two at a time neither wait for each other nor lose what the other one wrote', () => {
  const first = open();
  const second = open();
  first.set('/a', { stamp: '1', sha256: one });
  second.set('/b', { stamp: '1', sha256: other });
  first.flush();
  second.flush();
  expect([first.find('/b')?.sha256, second.find('/a')?.sha256]).toEqual([other, one]);
  first.close();
  second.close();
});

test('an upload is known by its server, name and content until it is forgotten', () => {
  const key = { server: 'http://nas', name: 'photos/a', sha256: one };
  const hashes = open();
  hashes.noteUpload(key, 'x1');
  hashes.close();
  const next = open();
  expect(next.upload(key)).toBe('x1');
  expect(next.upload({ ...key, server: 'http://other' })).toBeNull();
  expect(next.upload({ ...key, sha256: other })).toBeNull();
  next.forgetUpload(key);
  expect(next.upload(key)).toBeNull();
  next.close();
});

test('files that nobody asks for are forgotten after half a year, others are not', () => {
  const start = Date.now();
  const hashes = open(start);
  hashes.set('/kept', { stamp: '1', sha256: one });
  hashes.set('/gone', { stamp: '1', sha256: one });
  hashes.close();
  const later = open(start + 100 * day);
  expect(later.find('/kept')).not.toBeNull();
  later.close();
  const last = open(start + 200 * day);
  expect([last.find('/kept'), last.find('/gone')]).toEqual([{ stamp: '1', sha256: one }, null]);
  last.close();
});

test('a damaged file is made anew, and that is told', () => {
  open().close();
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  writeFileSync(file, 'no database '.repeat(1000));
  const told: string[] = [];
  const hashes = open(undefined, (reason) => told.push(reason));
  hashes.set('/a', { stamp: '1', sha256: one });
  hashes.close();
  expect(told).toHaveLength(1);
  expect(open().find('/a')?.sha256).toBe(one);
});

test('a file of another version is begun anew', () => {
  const hashes = open();
  hashes.set('/a', { stamp: '1', sha256: one });
  hashes.close();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 99');
  database.close();
  const next = open();
  expect(next.find('/a')).toBeNull();
  next.close();
});

test('a folder that cannot be had is STATE_FAILED', () => {
  writeFileSync(join(folder, 'deep'), 'a file');
  expect(() => open()).toThrow(expect.objectContaining({ code: 'STATE_FAILED' }));
});
