/** Runs with a spool that are killed while they send: the next one sends the rest, and no part twice. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingPrograms } from '../e2e/judges.ts';
import { isPart, nth, Spooling } from '../e2e/spooling.ts';

const missing = missingPrograms('rsync');

describe.skipIf(missing)(`the spool${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let spooling: Spooling;
  beforeEach(async () => {
    spooling = await Spooling.create();
  });
  afterEach(() => spooling.remove());

  test.each([[1, false], [3, false], [3, true], [6, true], [9, false]])('killed at part %i (after: %s), and run again', async (count, after) => {
    await spooling.killedAt(nth(isPart, count), after);
    await spooling.expectWhole();
  });

  test('killed again and again, it gets there', async () => {
    for (let turn = 0; turn < 4; turn++) {
      await spooling.killedAt(nth(isPart, 2), turn % 2 === 0);
    }
    await spooling.backup.run();
    expect(spooling.sentTwice().length).toBeLessThanOrEqual(4);
    await spooling.backup.expectRestoredFrom('cloud');
  });

  test('stopped by a person, it goes on as after a kill', async () => {
    const isThird = nth(isPart, 3);
    const run = spooling.backup.box.start(['run', '-q']);
    spooling.proxy.plan = (request) => {
      if (isThird(request)) run.child.kill('SIGINT');
      return undefined;
    };
    expect((await run.ended).code).toBe(130);
    await spooling.expectWhole();
  });
});
