/** Runs with a spool that are killed while they send to Cloudinary: the next one sends the rest, and no part twice. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingPrograms } from '../e2e/judges.ts';
import { nth } from '../e2e/spooling.ts';
import { isList, isNote, isPart, SpoolingInParts } from '../e2e/spooling-in-parts.ts';

const missing = missingPrograms('rsync');
const assets = { part: isPart, list: isList, note: isNote };

describe.skipIf(missing)(`the spool, and parts at Cloudinary${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let spooling: SpoolingInParts;
  beforeEach(async () => {
    spooling = await SpoolingInParts.create();
  });
  afterEach(() => spooling.remove());

  test.each([
    ['part', 1, false],
    ['part', 1, true],
    ['part', 3, false],
    ['part', 6, true],
    ['part', 9, false],
    ['note', 1, false],
    ['note', 1, true],
    ['note', 2, false],
    ['list', 1, false],
    ['list', 1, true],
    ['list', 2, true],
  ] as const)('killed at %s %i (after: %s), and run again', async (kind, count, after) => {
    await spooling.killedAt(nth(assets[kind], count), after);
    await spooling.expectWhole();
  });

  test('killed again and again, it gets there', async () => {
    for (let turn = 0; turn < 4; turn++) await spooling.killedAt(nth(isPart, 2), turn % 2 === 0);
    await spooling.expectWhole({ mostTwice: 0 });
  });

  test('stopped by a person, it goes on as after a kill', async () => {
    expect(await spooling.stoppedAt(nth(isPart, 3), true, 'SIGINT')).toBe(130);
    await spooling.expectWhole();
  });

  test('where the service tells no MD5, the parts are sent again, and nothing of them is left over', async () => {
    spooling.server.settings.tagsDownloads = false;
    await spooling.killedAt(nth(isPart, 4));
    await spooling.expectWhole({ mostTwice: 3 });
    expect(spooling.sentTwice().length).toBeGreaterThan(1);
  });
});
