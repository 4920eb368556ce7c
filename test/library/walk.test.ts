import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { applyDifferences } from '../../src/library/sync/apply.ts';
import { noCounts } from '../../src/library/sync/counts.ts';
import { TableDatabase } from '../../src/library/table/database.ts';
import { FileTable } from '../../src/library/table/files.ts';
import type { Difference } from '../../src/library/thread/messages.ts';
import { Walk } from '../../src/library/thread/walk.ts';

/** Folders that the disk does not open: to root, no mode closes one. */
const shut = vi.hoisted(() => new Set<string>());
vi.mock('../../src/library/thread/open-folders.ts', async (original) => {
  const real = await original<typeof import('../../src/library/thread/open-folders.ts')>();
  const openFolder: typeof real.openFolder = (path, absolute, directory) => {
    if (shut.has(directory)) throw Object.assign(new Error('no'), { code: 'EACCES' });
    return real.openFolder(path, absolute, directory);
  };
  return { ...real, openFolder };
});

test('a folder that cannot be looked into is named, and what is known of it stays', () => {
  const root = mkdtempSync(join(tmpdir(), 'bat-walk-'));
  const database = TableDatabase.open(join(root, 'hashes.sqlite'), () => {});
  onTestFinished(() => {
    shut.clear();
    database.close();
    rmSync(root, { recursive: true });
  });
  const photos = join(root, 'photos');
  for (const path of ['a', 'year/b', 'year/shut/c']) {
    mkdirSync(dirname(join(photos, path)), { recursive: true });
    writeFileSync(join(photos, path), path);
  }
  const table = new FileTable(database);
  const look = (): { differences: Difference[]; unseen: string[] } => {
    const walk = new Walk({ type: 'walk', folder: 'photos', roots: { photos }, table: database.file }, table);
    const differences = [...walk.differences()].filter((difference) => difference !== null);
    applyDifferences(table, 'photos', differences, noCounts());
    return { differences, unseen: walk.end.unseen };
  };
  expect(look()).toMatchObject({ differences: [{ kind: 'new' }, { kind: 'new' }, { kind: 'new' }], unseen: [] });
  shut.add('year/shut');
  expect(look()).toEqual({ differences: [], unseen: ['year/shut'] });
  shut.clear();
  rmSync(join(photos, 'year/shut'), { recursive: true });
  expect(look()).toMatchObject({ differences: [{ kind: 'gone', place: { directory: 'year/shut', name: 'c' } }], unseen: [] });
});
