import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { ChunkHashes } from '../../src/catalog/chunk-hashes.ts';
import { takeLock } from '../../src/catalog/lock.ts';
import { Runs } from '../../src/catalog/runs.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-catalog-'));
  file = join(folder, 'state/catalog.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Does something with the catalog, and closes it. */
function within<T>(work: (catalog: Catalog) => T, open = (): Catalog => Catalog.open(file)): T {
  const catalog = open();
  try {
    return work(catalog);
  } finally {
    catalog.close();
  }
}

/** As they were up to version 3. */
function makeOldChunks(catalog: Catalog): void {
  for (const table of ['chunks', 'recent_hashes', 'chunk_hashes']) catalog.scratch(`DROP TABLE ${table}`);
  catalog.scratch('CREATE TABLE chunks (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, length INTEGER NOT NULL) STRICT');
}

test('what was flushed is there after closing, what was not is not', () => {
  within((catalog) => {
    catalog.setMeta('first', '1');
    catalog.flush();
    catalog.setMeta('second', '2');
  });
  within((catalog) => {
    expect(catalog.getMeta('first')).toBe('1');
    expect(catalog.getMeta('second')).toBeNull();
  });
});

test('the folder of the state is for its owner alone', () => {
  within(() => {});
  expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
});

test('looking writes nothing, and an empty catalog stands in for one that is not there', () => {
  within((catalog) => expect(catalog.all('SELECT * FROM snapshots')).toEqual([]), () => Catalog.openToRead(file, false));
  expect(() => statSync(file)).toThrow();
  within((catalog) => {
    catalog.setMeta('key', 'value');
    catalog.flush();
  });
  within(
    (catalog) => {
      expect(catalog.getMeta('key')).toBe('value');
      expect(() => catalog.setMeta('key', 'other')).toThrow(expect.objectContaining({ code: 'STATE_FAILED' }) as Error);
    },
    () => Catalog.openToRead(file, true),
  );
});

test('a query that is still being stepped through is not disturbed by the same one', () => {
  within((catalog) => {
    for (const key of ['a', 'b', 'c']) catalog.setMeta(key, key);
    const seen: unknown[] = [];
    for (const { key } of catalog.each('SELECT key FROM meta ORDER BY key')) {
      seen.push(key);
      expect([...catalog.each('SELECT key FROM meta ORDER BY key')]).toHaveLength(3);
    }
    expect(seen).toEqual(['a', 'b', 'c']);
  });
});

describe('damage', () => {
  const fill = (): void =>
    within((catalog) => {
      for (let index = 0; index < 3000; index++) catalog.setMeta(`key ${index}`, 'value '.repeat(20));
      catalog.flush();
    });

  test.each([
    ['no database', () => writeFileSync(file, 'this is a letter to my aunt, and no database at all\n'.repeat(100))],
    ['the middle overwritten', () => {
      const bytes = readFileSync(file);
      bytes.fill(0x55, 8192, bytes.length - 4096);
      writeFileSync(file, bytes);
    }],
    ['cut off', () => truncateSync(file, 40_000)],
  ])('%s is found, with the file and what to do', (_, damage) => {
    fill();
    damage();
    expect(() => within((catalog) => catalog.check())).toThrow(
      expect.objectContaining({ code: 'CATALOG_DAMAGED', message: expect.stringContaining(file) as string, hint: expect.stringContaining('`bat sync`') as string }) as Error,
    );
  });

  test('one that a newer bat wrote is left alone', () => {
    within((catalog) => catalog.scratch('PRAGMA user_version = 99'));
    expect(() => within(() => {})).toThrow(expect.objectContaining({ code: 'CATALOG_DAMAGED', hint: 'Update bat.' }) as Error);
  });

  test('one that an older bat wrote is brought up to date, also where it is only looked at', () => {
    within((catalog) => {
      catalog.scratch('DROP TABLE checks');
      catalog.scratch('DROP TABLE forgotten');
      catalog.scratch('DROP INDEX entries_past');
      for (const column of ['manifests DROP COLUMN volumes', 'manifests DROP COLUMN serial', 'manifests DROP COLUMN stale', 'snapshots DROP COLUMN tags', 'snapshots DROP COLUMN protected', 'snapshots DROP COLUMN origin', 'receipts DROP COLUMN stored', 'volumes DROP COLUMN draining']) {
        catalog.scratch(`ALTER TABLE ${column}`);
      }
      makeOldChunks(catalog);
      catalog.scratch('PRAGMA user_version = 2');
    });
    within(
      (catalog) => {
        for (const column of ['volumes, serial, stale FROM manifests', 'tags, protected, origin FROM snapshots', 'stored FROM receipts', '* FROM forgotten', 'draining FROM volumes', '* FROM checks']) expect(catalog.all(`SELECT ${column}`)).toEqual([]);
        expect(catalog.get(`SELECT name FROM sqlite_schema WHERE name = 'entries_past'`)).toBeDefined();
      },
      () => Catalog.openToRead(file, true),
    );
  });

  test('the chunks of version 3 keep their ids, and are found by their hashes', () => {
    const hashes = Array.from({ length: 1000 }, (_, index) => createHash('sha256').update(`${index}`).digest());
    within((catalog) => {
      makeOldChunks(catalog);
      for (const [index, sha256] of hashes.entries()) catalog.run('INSERT INTO chunks (id, sha256, length) VALUES (?, ?, ?)', 2 * index + 1, sha256, index);
      catalog.flush();
      catalog.scratch('PRAGMA user_version = 3');
    });
    within(
      (catalog) => {
        expect(hashes.map((sha256) => ChunkHashes.of(catalog).find(sha256))).toEqual(hashes.map((_, index) => 2 * index + 1));
        expect(catalog.get('SELECT length FROM chunks WHERE id = 1999')).toEqual({ length: 999 });
        expect(catalog.all(`SELECT name FROM sqlite_schema WHERE tbl_name LIKE 'chunks%' ORDER BY name`)).toEqual([{ name: 'chunks' }]);
      },
      () => Catalog.openToRead(file, true),
    );
  });

  test('a folder in its place is a failure of the state', () => {
    expect(() => within(() => {}, () => Catalog.open(folder))).toThrow(expect.objectContaining({ code: 'STATE_FAILED' }) as Error);
  });
});

describe('a full disk', () => {
  /** Makes SQLite answer FULL, as a disk does: the file may not grow. */
  const fill = (catalog: Catalog): void => {
    const pages = catalog.get('PRAGMA page_count')!['page_count'] as number;
    catalog.get(`PRAGMA max_page_count = ${pages}`);
  };
  const makeRoom = (catalog: Catalog): void => void catalog.get('PRAGMA max_page_count = 1000000');
  const writeMuch = (catalog: Catalog): void => {
    for (let index = 0; index < 3000; index++) catalog.setMeta(`key ${index}`, 'value '.repeat(20));
  };
  const caught = (work: () => void): unknown => {
    try {
      work();
      return null;
    } catch (error) {
      return error;
    }
  };

  test('takes back what was not flushed; nothing that comes later is written without it, even where there is room again', () => {
    within((catalog) => {
      catalog.setMeta('flushed', '1');
      catalog.flush();
      fill(catalog);
      catalog.setMeta('flushed', '2');
      const failure = caught(() => writeMuch(catalog));
      expect(failure).toMatchObject({ code: 'STATE_FAILED', hint: expect.stringContaining('Free some space') as string });
      makeRoom(catalog);
      expect(caught(() => catalog.setMeta('later', '1'))).toBe(failure);
      expect(caught(() => catalog.flush())).toBe(failure);
      expect(caught(() => new Runs(catalog).end('20260101-000000-aaaa', new Date(), 1))).toBe(failure);
    });
    within((catalog) => {
      expect(catalog.getMeta('flushed')).toBe('1');
      expect(catalog.getMeta('later')).toBeNull();
    });
  });
});

test('a catalog that another program holds for a while can be written afterwards', () => {
  within((catalog) => {
    catalog.scratch('PRAGMA busy_timeout = 0');
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    expect(() => catalog.setMeta('key', '1')).toThrow(expect.objectContaining({ code: 'STATE_FAILED' }) as Error);
    other.exec('ROLLBACK');
    other.close();
    catalog.setMeta('key', '2');
    catalog.flush();
    expect(catalog.getMeta('key')).toBe('2');
  });
});

test('a run that did not come to its end is known as killed', () => {
  within((catalog) => {
    const runs = new Runs(catalog);
    expect(runs.lastWasKilled()).toBe(false);
    runs.begin('20260101-000000-aaaa', new Date('2026-01-01'));
    expect(runs.lastWasKilled()).toBe(true);
    expect(runs.isKnown('20260101-000000-aaaa')).toBe(true);
    runs.end('20260101-000000-aaaa', new Date('2026-01-02'), 0);
    expect(runs.lastWasKilled()).toBe(false);
  });
});

test('the lock is held by one, and can be had again', () => {
  const lock = takeLock(join(folder, 'lock.db'), 'nas');
  expect(() => takeLock(join(folder, 'lock.db'), 'nas')).toThrow(
    expect.objectContaining({ code: 'PLAN_LOCKED', message: expect.stringContaining(`process ${process.pid} on`) as string }) as Error,
  );
  lock.release();
  takeLock(join(folder, 'lock.db'), 'nas').release();
});

test('a lock that cannot be had for another reason says so', () => {
  writeFileSync(join(folder, 'lock.db'), 'no database, but long enough to look at\n'.repeat(10));
  expect(() => takeLock(join(folder, 'lock.db'), 'nas')).toThrow(expect.objectContaining({ code: 'STATE_FAILED' }) as Error);
});
