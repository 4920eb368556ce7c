/** What becomes of a run whose sources are not what they should be. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { imports } from '../cli/fixture.ts';
import { Backup, plans } from './backup.ts';
import { copyTree, filesBelow, missingPrograms, shell } from './judges.ts';

const missing = missingPrograms('rsync', 'tar', 'zstd');

/** What happens to a file of the source: right before it is opened, or else after (a large one: once its first bytes were read). JavaScript that knows its `path`. */
type Deeds = Record<string, { deed: string; before?: boolean }>;

/** A module that lets it happen, once to each. */
function whenOpened(deeds: Deeds): Record<string, string> {
  return imports(`
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const deeds = { ${Object.entries(deeds).map(([name, { deed, before = false }]) => `${JSON.stringify(name)}: { before: ${before}, act: (path) => { ${deed} } }`).join(', ')} };
    const { openSync, readSync } = fs;
    const atFirstRead = new Map();
    const { open } = fs.promises;
    const take = (path) => {
      const name = String(path).split('/src/')[1];
      const found = deeds[name];
      delete deeds[name];
      return found;
    };
    fs.openSync = (path, ...rest) => {
      const found = take(path);
      if (found?.before) found.act(path);
      const file = openSync(path, ...rest);
      if (!found || found.before) return file;
      if (fs.fstatSync(file).size > 8 * 2 ** 20) atFirstRead.set(file, () => found.act(path));
      else found.act(path);
      return file;
    };
    fs.readSync = (file, ...rest) => {
      const length = readSync(file, ...rest);
      const act = atFirstRead.get(file);
      atFirstRead.delete(file);
      act?.();
      return length;
    };
    fs.promises.open = async (path, ...rest) => {
      const found = take(path);
      if (found?.before) found.act(path);
      const file = await open(path, ...rest);
      if (!found || found.before) return file;
      const { read } = file;
      file.read = async (...words) => {
        delete file.read;
        const result = await read.apply(file, words);
        found.act(path);
        return result;
      };
      return file;
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

  test.each([['small', 5000], ['large', 12 * 2 ** 20]])('%s files that vanish, fail or change while they are read: exit code 3, sound archives, and all the rest is there', async (_, size) => {
    for (const name of ['fails', 'grows', 'later', 'rewritten', 'shrinks', 'vanishes']) write(`src/${name}`, randomBytes(size));
    const { code, err } = await run(
      whenOpened({
        vanishes: { deed: 'fs.rmSync(path);', before: true },
        fails: { deed: `throw Object.assign(new Error('no'), { code: 'EIO' });`, before: true },
        grows: { deed: `fs.appendFileSync(path, Buffer.alloc(3_000_000, 'more'));` },
        shrinks: { deed: `fs.truncateSync(path, ${size / 2});` },
        rewritten: { deed: `fs.writeFileSync(path, Buffer.alloc(${size}, 'other'));` },
      }),
    );
    expect(code, err).toBe(3);
    expect(err).toMatch(/vanishes: it vanished before it could be read/);
    expect(err).toMatch(/fails: it could not be read: the disk reported a read or write error/);
    // A small one that changed before its first byte was read is whole, and nothing to speak of.
    for (const name of ['grows', 'shrinks', 'rewritten']) expect(err.includes(`${name}: it changed while it was read; the next run reads it again`)).toBe(size > 2 ** 20);
    for (const name of backup.volumes()) shell(`zstd -dc 'disk/plan/${name}' | tar -tf - > /dev/null`, { folder: backup.box.folder });
    await backup.restore(0, '-q');
    expect(filesBelow(backup.at('restored/plan/src'))).toEqual(filesBelow(backup.at('src')).filter((name) => name !== 'fails'));
    shell('for f in a b c d later; do cmp src/$f restored/plan/src/$f; done', { folder: backup.box.folder });
    await backup.run();
    await backup.expectRestored();

    // What was stored of a file before stays in the snapshots while it cannot be read.
    mkdirSync(backup.at('copy'));
    copyTree(backup.at('src'), backup.at('copy'));
    write('src/fails', randomBytes(size));
    expect((await run(whenOpened({ fails: { deed: `throw Object.assign(new Error('no'), { code: 'EACCES' });`, before: true } }))).code).toBe(3);
    await backup.expectRestored({ like: 'copy' });
    expect((await run({})).code).toBe(0);
    await backup.expectRestored();
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
