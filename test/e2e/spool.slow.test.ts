/** What a run that was killed leaves in the spool. Kills at many more moments: test/slow/spool.test.ts. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingPrograms } from './judges.ts';
import { isEnd, MiB, nth, Spooling } from './spooling.ts';

const missing = missingPrograms('rsync');

describe.skipIf(missing)(`the spool${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let spooling: Spooling;
  beforeEach(async () => {
    spooling = await Spooling.create();
  });
  afterEach(() => spooling.remove());

  test('killed when a volume was whole on the target and nobody had heard of it', async () => {
    await spooling.killedAt(isEnd, true);
    await spooling.expectWhole();
  });

  test('what lies whole in the spool is not read from the source again', async () => {
    await spooling.killedAt(nth(isEnd, 2));
    const spooled = spooling.backup.query('SELECT name FROM spooled').length;
    expect(spooled).toBeGreaterThan(0);
    const { out } = await spooling.backup.run(0, '--json');
    const read = /"bytes_read":(\d+)/.exec(out)![1];
    expect(Number(read)).toBeLessThan(51 * MiB - 17 * MiB);
    await spooling.backup.expectRestoredFrom('cloud');
  });

  test('a spooled file that was damaged is thrown away, and read from the source again', async () => {
    await spooling.killedAt(isEnd);
    const [file] = spooling.backup.query('SELECT path FROM spooled').map((row) => String(row['path']));
    expect(existsSync(file!)).toBe(true);
    writeFileSync(file!, Buffer.alloc(1000), { flag: 'r+' });
    const { err, out } = await spooling.backup.run();
    expect(err + out).toContain('is not what was written there');
    await spooling.backup.expectRestoredFrom('cloud');
    spooling.expectEmpty();
  });

  test('what else lies in its folder stays; a file that is gone is said', async () => {
    await spooling.killedAt(isEnd);
    const folder = spooling.backup.at('spool/plan/upload');
    writeFileSync(`${folder}/mine.txt`, 'mine');
    mkdirSync(`${folder}/photos`);
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.age'))) rmSync(`${folder}/${name}`);
    const { err, out } = await spooling.backup.run();
    expect(err + out).toContain('is not there any more as it was');
    await spooling.backup.expectRestoredFrom('cloud');
    expect(readdirSync(folder).sort()).toEqual(['mine.txt', 'photos']);
  });

  test('a plan that has no spool any more, or seals to others, drops what lay there', async () => {
    await spooling.killedAt(isEnd);
    const plan = spooling.backup.at('bat.yaml');
    writeFileSync(plan, readFileSync(plan, 'utf8').replace(', spool: spool', ''));
    await spooling.backup.run();
    await spooling.backup.expectRestoredFrom('cloud');
    spooling.expectEmpty();
  });
});
