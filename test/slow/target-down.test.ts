/** A disk, an account at Cloudinary and a bucket of DEEP_ARCHIVE: each is away for a whole run, and is brought up to date by the next. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { missingPrograms } from '../e2e/judges.ts';
import { noise } from '../e2e/noise.ts';
import { readByRun, readOnce } from '../e2e/opened.ts';
import { serverName, ThreePlaces, threePlans } from '../e2e/three-places.ts';

type Place = 'usb' | 'cloud' | 'glacier';

const missing = missingPrograms('strace', 'rsync');
const all: readonly Place[] = ['usb', 'cloud', 'glacier'];
const mebibyte = 2 ** 20;
let places: ThreePlaces;

/** The disk's folder is a file; nobody listens where the cloud was. */
async function takeDown(place: Place): Promise<void> {
  if (place !== 'usb') return places.lines[place].down();
  renameSync(places.backup.at('usb'), places.backup.at('usb away'));
  writeFileSync(places.backup.at('usb'), '');
}

async function bringBack(place: Place): Promise<void> {
  if (place !== 'usb') return places.lines[place].up();
  rmSync(places.backup.at('usb'));
  renameSync(places.backup.at('usb away'), places.backup.at('usb'));
}

/** Reads of what is in the cold class. */
function coldReads(): string[] {
  return places.lines.glacier.requests.filter(({ method, url }) => method === 'GET' && url.includes('/plan/volumes/')).map(({ url }) => url);
}

describe.skipIf(missing)(`a target that is away for a run, the cold one on ${serverName}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  afterEach(() => places.remove());

  /** Everywhere at first; then a run without these. */
  async function runWithout(away: readonly Place[]): Promise<void> {
    places = await ThreePlaces.create(threePlans.sealed);
    const { backup } = places;
    writeFileSync(backup.at('src/film'), noise(9 * mebibyte, 1));
    await backup.run();
    for (const place of away) await takeDown(place);
    writeFileSync(backup.at('src/another film'), noise(11 * mebibyte, 2));
    writeFileSync(backup.at('src/letter'), 'Dear Ada');
    const { err } = await backup.run(4);
    for (const place of away) expect(err).toMatch(new RegExp(`^error: .*target ${place} is left behind`, 'm'));
    await places.expectRestoredFrom(all.filter((place) => place !== 'glacier' && !away.includes(place)));
    for (const place of away) await bringBack(place);
  }

  test.each(all)('%s: the next run repairs it from another one, never from the cold one, and opens no file of the source', async (away) => {
    await runWithout([away]);
    expect(await readByRun(places.backup)).toEqual({});
    expect(coldReads()).toEqual([]);
    expect(places.gate.restores).toEqual([]);
    await places.expectRestoredFrom(all);
    expect((await places.backup.run()).out).not.toContain('copying');
  });

  test('all that could give it at once: what only the cold one has is read from the source again', async () => {
    await runWithout(['usb', 'cloud']);
    expect(await readByRun(places.backup)).toEqual(readOnce(places.backup, ['another film', 'letter']));
    expect(coldReads()).toEqual([]);
    expect(places.gate.restores).toEqual([]);
    await places.expectRestoredFrom(['usb', 'cloud']);
  });

  test('what comes damaged from the other one is asked for again, and its receipt stays', async () => {
    await runWithout(['usb']);
    let damaged = 0;
    places.lines.cloud.plan = ({ url }) => (url.includes('download') && url.includes('.tar.zst.age.000') && damaged++ < 1 ? { kind: 'corrupt-response' } : undefined);
    expect(await readByRun(places.backup)).toEqual({});
    expect(damaged).toBeGreaterThan(1);
    await places.expectRestoredFrom(['usb', 'cloud']);
    expect((await places.backup.run()).out).not.toContain('copying');
  });
});
