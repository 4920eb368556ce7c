/** What is stored already is not stored again: nothing changed, renamed, touched, copied, or changed in a small part. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Backup, plans } from './backup.ts';
import { missingPrograms } from './judges.ts';
import { noise } from './noise.ts';

const missing = missingPrograms('rsync');
const mebibyte = 2 ** 20;

describe.skipIf(missing)(`stored once${missing ? ` (skipped: ${missing})` : ''}`, () => {
  describe.each(['tar', 'files'] as const)('plan %s', (kind) => {
    let backup: Backup;
    const objects = (): string[] => backup.stored('disk').filter((name) => /^(volumes|files|src|copy)\//.test(name));
    const bytes = (names: readonly string[]): number => names.reduce((sum, name) => sum + statSync(backup.at('disk/plan', name)).size, 0);

    /** The objects that a run adds. */
    async function added(): Promise<string[]> {
      const before = new Set(objects());
      await backup.run();
      return objects().filter((name) => !before.has(name));
    }

    beforeEach(async () => {
      backup = await Backup.create({ ...plans[kind], sources: { src: '{ path: src }', copy: '{ path: copy }' } });
      mkdirSync(backup.at('src/photos/2024'), { recursive: true });
      mkdirSync(backup.at('copy'));
      for (let index = 0; index < 60; index++) writeFileSync(backup.at('src/photos/2024', `${index}.jpg`), randomBytes(20_000));
      writeFileSync(backup.at('src/photos/film'), randomBytes(10 * mebibyte));
    });
    afterEach(() => backup.remove());

    test('nothing changed, touched, or renamed: nothing is stored', async () => {
      expect((await added()).length).toBeGreaterThan(0);
      expect(await added()).toEqual([]);
      utimesSync(backup.at('src/photos/2024/1.jpg'), 1e9, 1e9);
      utimesSync(backup.at('src/photos/film'), 1e9, 1e9);
      expect(await added()).toEqual([]);
      await backup.expectRestored();
      renameSync(backup.at('src/photos'), backup.at('src/pictures'));
      renameSync(backup.at('src/pictures/2024/3.jpg'), backup.at('src/moved.jpg'));
      expect(await added()).toEqual([]);
      await backup.expectRestored();
      backup.expectNothingUnknown();
    });

    test('the same content in two sources, and twice in one, is stored once', async () => {
      cpSync(backup.at('src/photos'), backup.at('copy/photos'), { recursive: true });
      cpSync(backup.at('src/photos/film'), backup.at('src/film again'));
      const first = await added();
      expect(bytes(first)).toBeLessThan(12 * mebibyte);
      cpSync(backup.at('src/photos/2024'), backup.at('copy/more'), { recursive: true });
      expect(await added()).toEqual([]);
      await backup.expectRestored();
      await backup.expectRestored({ source: 'copy' });
    });

    test('what lies on the target is what its manifest says', async () => {
      await backup.run();
      for (const row of backup.query('SELECT name, size, lower(hex(sha256)) AS sha256 FROM objects')) {
        const file = backup.at('disk/plan', String(row['name']));
        expect(statSync(file).size).toBe(row['size']);
        expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(row['sha256']);
      }
    });
  });

  test('one MiB changed in the middle of a large file stores less than 8 MiB', async () => {
    const backup = await Backup.create(plans.tar);
    try {
      writeFileSync(backup.at('src/disk.img'), noise(64 * mebibyte, 1));
      await backup.run();
      const before = backup.volumes();
      const file = openSync(backup.at('src/disk.img'), 'r+');
      writeSync(file, noise(mebibyte, 2), 0, mebibyte, 31 * mebibyte + 12345);
      closeSync(file);
      await backup.run();
      const added = backup.volumes().filter((name) => !before.includes(name));
      const size = added.reduce((sum, name) => sum + statSync(backup.at('disk/plan', name)).size, 0);
      expect(size).toBeGreaterThan(mebibyte);
      expect(size).toBeLessThan(8 * mebibyte);
      await backup.expectRestored();
    } finally {
      backup.remove();
    }
  });
});
