/** What a disk, a bucket and an account lose or change is found and mended. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { jsonLines } from '../cli/fixture.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { noise } from '../e2e/noise.ts';
import { readByRun, readOnce } from '../e2e/opened.ts';
import { serverName, ThreePlaces, threePlans } from '../e2e/three-places.ts';

const missing = missingPrograms('strace', 'rsync');
const targets = ['usb', 'cloud', 'glacier'] as const;
const mebibyte = 2 ** 20;
let places: ThreePlaces;

async function verify(exitCode: number, ...words: string[]): Promise<{ findings: string[]; files: string[]; lines: Record<string, unknown>[] }> {
  const { code, out, err } = await places.backup.box.bat('verify', '--json', ...words);
  expect(code, err + out).toBe(exitCode);
  const lines = jsonLines(out);
  const ofType = (type: string): Record<string, unknown>[] => lines.filter((line) => line['message_type'] === type);
  return {
    findings: ofType('finding').map(({ target, kind, problem }) => `${String(target)} ${String(kind)} ${String(problem)}`).sort(),
    files: ofType('file').map(({ path, targets }) => `${String(path)} ${(targets as string[]).join(' ')}`).sort(),
    lines,
  };
}

function flipped(bytes: Buffer): Buffer {
  bytes[bytes.length >> 1]! ^= 4;
  return bytes;
}

describe.skipIf(missing)(`verify on a disk, an account and ${serverName}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  afterEach(() => places.remove());

  test('damage of every kind is named, mended from another place, or sent again', { timeout: 300_000 }, async () => {
    places = await ThreePlaces.create(threePlans.warm);
    const { backup } = places;
    const write = (name: string, content: string | Buffer): void => writeFileSync(backup.at('src', name), content);
    write('film', noise(15 * mebibyte, 1));
    write('letter', 'Dear Ada');
    await backup.run();
    write('other', noise(2 * mebibyte, 2));
    await backup.run();
    expect((await verify(0)).findings).toEqual([]);
    const all = await verify(0, '--read-data', '-i', 'key.txt');
    expect(all.lines.filter((line) => line['message_type'] === 'target_summary')).toMatchObject(targets.map((target) => ({ target, how: 'decoded', read_objects: 2, damaged: 0 })));

    const [first, second] = backup.volumes('usb');
    await places.changeInBucket(first!, flipped);
    places.changeInAccount(`${first!}.001`, () => null);
    places.changeInAccount(second!, flipped);
    places.changeInAccount('bat.json', () => null);
    const [manifest, newest] = backup.stored('usb', 'manifests/');
    truncateSync(backup.at('usb/plan', manifest!), 30);
    await places.changeInBucket(newest!, () => readFileSync(backup.at('usb/plan', manifest!)));
    await places.removeFromBucket(second!);
    const found = await verify(1);
    expect(found.findings).toEqual(['cloud marker missing', 'cloud object damaged', 'cloud object damaged', 'glacier manifest size', 'glacier object damaged', 'glacier object missing', 'usb manifest size']);
    expect(found.files).toEqual(['film cloud glacier', 'letter cloud glacier', 'other cloud glacier']);
    expect((await verify(0, '--repair')).lines.at(-1)).toMatchObject({ message_type: 'summary', damaged: 7, mended: 7 });
    expect((await verify(0, '--read-data')).findings).toEqual([]);
    await places.expectRestoredFrom(targets);

    await places.changeInBucket(second!, flipped);
    places.changeInAccount(second!, () => null);
    rmSync(backup.at('usb/plan', second!));
    expect((await verify(1, '--repair')).findings).toHaveLength(3);
    expect(await readByRun(backup), 'nothing else').toEqual(readOnce(backup, ['other']));
    expect((await verify(0, '--read-data', '-i', 'key.txt')).findings).toEqual([]);
    await places.expectRestoredFrom(targets);
  });

  test('what lies in cold storage is not read, and nothing is thawed', { timeout: 180_000 }, async () => {
    places = await ThreePlaces.create(threePlans.volumes);
    const { backup, gate } = places;
    writeFileSync(backup.at('src/film'), noise(5 * mebibyte, 1));
    await backup.run();
    const { lines } = await verify(0, '--read-data', '-t', 'glacier');
    expect(lines.find((line) => line['message_type'] === 'target_summary')).toMatchObject({ read_objects: 0, cold: 1, damaged: 0 });
    expect(gate.restores).toEqual([]);
    const [gone] = await places.inBucket('volumes/');
    await places.removeFromBucket(gone!);
    expect((await verify(0, '--repair', '-t', 'glacier')).findings).toEqual(['glacier object missing']);
    expect(await places.inBucket('volumes/')).toHaveLength(1);
    expect(await places.storageClassOf((await places.inBucket('volumes/'))[0]!)).toBe('DEEP_ARCHIVE');
  });
});
