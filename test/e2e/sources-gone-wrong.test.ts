/** What becomes of a run whose sources are not what they should be. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { imports } from '../cli/fixture.ts';
import { Backup, plans } from './backup.ts';
import { copyTree, filesBelow, missingPrograms, shell } from './judges.ts';

const missing = missingPrograms('rsync', 'tar', 'zstd');

/** A module that lets something happen to `victim` once it is opened (or, with `before`, right before that). */
function whenOpened(victim: string, deed: string, { before = false } = {}): Record<string, string> {
  return imports(`
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { openSync } = fs;
    const { open } = fs.promises;
    let done = false;
    const isVictim = (path) => !done && String(path).endsWith(${JSON.stringify(victim)}) && (done = true);
    const deed = (path) => { ${deed} };
    fs.openSync = (path, ...rest) => {
      if (!isVictim(path)) return openSync(path, ...rest);
      if (${before}) { deed(path); return openSync(path, ...rest); }
      const file = openSync(path, ...rest); deed(path); return file;
    };
    fs.promises.open = async (path, ...rest) => {
      if (!isVictim(path)) return open(path, ...rest);
      if (${before}) { deed(path); return open(path, ...rest); }
      const file = await open(path, ...rest); deed(path); return file;
    };
    syncBuiltinESMExports();
  `);
}

describe.skipIf(missing)(`sources gone wrong${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  const write = (path: string, content: string | Buffer): void => writeFileSync(backup.at(path), content);
  const run = (environment: Record<string, string>): Promise<{ code: number | null; out: string; err: string }> => backup.box.start(['run'], { environment }).ended;

  beforeEach(async () => {
    backup = await Backup.create({ ...plans.tar, sources: { src: '{ path: src }', other: '{ path: other }' } });
    mkdirSync(backup.at('other'));
    write('other/file', 'other');
    for (const name of ['a', 'b', 'c', 'd']) write(`src/${name}`, `${name}\n`);
  });
  afterEach(() => backup.remove());

  /** Every volume is a sound archive, and everything but one file of the source comes back. */
  async function expectAllBut(victim: string): Promise<void> {
    for (const name of backup.volumes()) shell(`zstd -dc 'disk/plan/${name}' | tar -tf - > /dev/null`, { folder: backup.box.folder });
    await backup.restore(0, '-q');
    expect(filesBelow(backup.at('restored/plan/src'))).toEqual(filesBelow(backup.at('src')).filter((name) => name !== victim));
  }

  describe.each([['small', 5000], ['large', 12 * 2 ** 20]])('a %s file', (_, size) => {
    beforeEach(() => write('src/victim', randomBytes(size)));

    test('that vanishes before it is read: exit code 3, all the rest is there, and the next run is whole', async () => {
      const { code, err } = await run(whenOpened('src/victim', 'fs.rmSync(path);', { before: true }));
      expect(code).toBe(3);
      expect(err).toMatch(/victim: it vanished before it could be read/);
      await expectAllBut('victim');
      await backup.run();
      await backup.expectRestored();
    });

    test('that cannot be read any more: exit code 3, and what was stored of it before stays', async () => {
      const { code, err } = await run(whenOpened('src/victim', `throw Object.assign(new Error('no'), { code: 'EIO' });`, { before: true }));
      expect(code).toBe(3);
      expect(err).toMatch(/victim: it could not be read: the disk reported a read or write error/);
      await expectAllBut('victim');
      await backup.run();
      mkdirSync(backup.at('copy'));
      copyTree(backup.at('src'), backup.at('copy'));
      write('src/victim', randomBytes(size));
      expect((await run(whenOpened('src/victim', `throw Object.assign(new Error('no'), { code: 'EACCES' });`, { before: true }))).code).toBe(3);
      await backup.expectRestored({ like: 'copy' });
      expect((await run({})).code).toBe(0);
      await backup.expectRestored();
    });

    test.each([
      ['grows', `fs.appendFileSync(path, Buffer.alloc(3_000_000, 'more'));`],
      ['shrinks', `fs.truncateSync(path, ${Math.floor(size / 2)});`],
      ['is rewritten', `fs.writeFileSync(path, Buffer.alloc(${size}, 'other'));`],
    ])('that %s while it is read: exit code 3, the archive is sound, and the next run reads it again', async (_name, deed) => {
      const { code, err } = await run(whenOpened('src/victim', deed));
      expect(code).toBe(3);
      expect(err).toMatch(/victim: it changed while it was read; the next run reads it again/);
      for (const name of backup.volumes()) shell(`zstd -dc 'disk/plan/${name}' | tar -tf - > /dev/null`, { folder: backup.box.folder });
      await backup.restore(0, '-q');
      expect((await run({})).code).toBe(0);
      await backup.expectRestored();
      expect((await run({})).out).toContain('read 0 B');
    });
  });

  test('a source that is not there: exit code 1, the others go on, and its snapshots are what they were', async () => {
    await backup.run();
    renameSync(backup.at('src'), backup.at('away'));
    write('other/new', 'new');
    const { err } = await backup.run(1);
    expect(err).toMatch(/error: The source "src" cannot be opened: .*: no such file or folder\./);
    expect(await backup.snapshots('src')).toHaveLength(1);
    await backup.expectRestored({ like: 'away' });
    await backup.expectRestored({ source: 'other' });
    renameSync(backup.at('away'), backup.at('src'));
    expect((await backup.run()).out).toContain('no file changed');
  });

  test('an empty folder where files were: not taken for a change, unless it is said to be one', async () => {
    await backup.run();
    renameSync(backup.at('src'), backup.at('away'));
    mkdirSync(backup.at('src'));
    const { err } = await backup.run(1);
    expect(err).toMatch(/The source "src" is empty, but it was not before/);
    expect(err).toContain('--allow-empty');
    await backup.expectRestored({ like: 'away' });
    await backup.run(0, '--allow-empty');
    await backup.expectRestored();
  });

  test('a command that fails after some output: no snapshot of half of it, and the others are fine', async () => {
    const command = (script: string): void => backup.setPlan({ ...plans.tar, sources: { src: '{ path: src }', dump: `{ command: [sh, -c, ${JSON.stringify(script)}], as: app.dump }`, other: '{ path: other }' } });
    command('head -c 30000000 /dev/zero | tr "\\\\0" x');
    await backup.run();
    command('head -c 20000000 /dev/urandom; echo "no such database" >&2; exit 3');
    write('other/new', 'new');
    const { err } = await backup.run(1);
    expect(err).toMatch(/no such database/);
    expect(await backup.snapshots('dump')).toHaveLength(1);
    expect(await backup.snapshots('other')).toHaveLength(2);
    await backup.restore(0, '-q', '-s', 'dump');
    expect(shell('tr -d x < restored/plan/dump/app.dump | wc -c; wc -c < restored/plan/dump/app.dump', { folder: backup.box.folder })).toMatch(/^\s*0\n\s*30000000\n$/);
    command('echo fine');
    await backup.run();
    await backup.restore(0, '-q', '-s', 'dump');
    expect(shell('cat restored/plan/dump/app.dump', { folder: backup.box.folder })).toBe('fine\n');
    backup.expectNothingUnknown();
    rmSync(backup.at('restored'), { recursive: true });
  });
});
