/** Runs of one plan at the same time, and runs that are stopped. */
import { existsSync, watch, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Backup, plans } from './backup.ts';
import { missingPrograms } from './judges.ts';

const missing = missingPrograms('rsync');

describe.skipIf(missing)(`one at a time${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let backup: Backup;
  beforeEach(async () => {
    // A source that says when it is being read, and is at its end only when it is told so.
    const waiting = '{ command: [sh, -c, "echo begun; touch begun; while [ ! -e go ]; do sleep 0.02; done"], as: dump }';
    backup = await Backup.create({ ...plans.sealed, sources: { src: '{ path: src }', dump: waiting } });
    writeFileSync(backup.at('src/a'), randomBytes(3_000_000));
  });
  afterEach(() => backup.remove());

  function begin(): { child: ReturnType<Backup['box']['start']>['child']; ended: ReturnType<Backup['box']['start']>['ended']; begun: Promise<void> } {
    const begun = new Promise<void>((resolve) => {
      const watcher = watch(backup.box.folder, () => {
        if (!existsSync(backup.at('begun'))) return;
        watcher.close();
        resolve();
      });
    });
    return { ...backup.box.start(['run']), begun };
  }

  test('a second run ends with 11 and says who holds the plan; the first goes on', async () => {
    const first = begin();
    await first.begun;
    const { err } = await backup.run(11);
    expect(err).toMatch(new RegExp(`^error: Another bat holds the plan "plan" \\(process ${first.child.pid} on .*\\)\\.$`, 'm'));
    // What only looks is not held up.
    expect((await backup.box.bat('snapshots')).code).toBe(0);
    writeFileSync(backup.at('go'), '');
    expect((await first.ended).code).toBe(0);
    await backup.expectRestored();
  });

  test('a holder that was killed blocks nobody', async () => {
    const first = begin();
    await first.begun;
    first.child.kill('SIGKILL');
    await first.ended;
    writeFileSync(backup.at('go'), '');
    await backup.run();
    await backup.expectRestored();
    backup.expectNothingUnknown();
  });

  test('a run that is stopped ends with 130, keeps what was done, and the next one is clean', async () => {
    const first = begin();
    await first.begun;
    first.child.kill('SIGINT');
    expect((await first.ended).code).toBe(130);
    expect(await backup.snapshots('src')).toHaveLength(1);
    expect(await backup.snapshots('dump')).toHaveLength(0);
    await backup.expectRestoredFrom(backup.targets);
    writeFileSync(backup.at('go'), '');
    const { out } = await backup.run();
    expect(out).toMatch(/src: .*no file changed · read 0 B/);
    backup.expectNothingUnknown();
  });
});
