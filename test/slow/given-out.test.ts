/** `cat`, `dump` and `decrypt` from each kind of target, as programs in a pipe. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { runProgram } from '../e2e/by-hand.ts';
import { differences, missingPrograms } from '../e2e/judges.ts';
import { noise } from '../e2e/noise.ts';
import { serverName, ThreePlaces, threePlans } from '../e2e/three-places.ts';

const missing = missingPrograms('rsync', 'tar', 'age', 'zstd');
let places: ThreePlaces;

describe.skipIf(missing)(`what is given out, from a disk, an account and ${serverName}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  afterEach(() => places.remove());

  test('is the same from each of them; what is cold is thawed first', async () => {
    places = await ThreePlaces.create(threePlans.volumes);
    const { backup } = places;
    const bash = (command: string): Promise<string> => runProgram('bash', ['-o', 'pipefail', '-ec', command], { folder: backup.box.folder, environment: backup.box.around });
    mkdirSync(backup.at('src/sub'));
    writeFileSync(backup.at('src/film'), noise(12 * 2 ** 20, 1));
    writeFileSync(backup.at('src/sub/letter'), 'Dear Ada\n');
    await backup.run();

    const { code, out, err } = await backup.box.bat('cat', 'src/film', '-i', 'key.txt', '--from', 'glacier', '--tier', 'bulk', '--json');
    expect([code, out]).toEqual([75, '']);
    expect(err.trim().split('\n').at(-1)).toContain('"code":"THAW_PENDING"');
    places.gate.advance(48 * 3_600_000);
    for (const target of ['usb', 'cloud', 'glacier']) {
      const words = `-i key.txt --from ${target}`;
      await bash(`"$NODE" "$BAT" cat src/film ${words} | cmp - src/film`);
      expect(await bash(`"$NODE" "$BAT" cat src/sub/letter ${words} --range 5-7`)).toBe('Ada');
      rmSync(backup.at('unpacked'), { recursive: true, force: true });
      mkdirSync(backup.at('unpacked'));
      await bash(`"$NODE" "$BAT" dump src ${words} | tar xp -C unpacked`);
      expect(differences(backup.at('src'), backup.at('unpacked/src')), target).toBe('');
    }
    // Who has read enough is no failure.
    expect(await bash('"$NODE" "$BAT" cat src/film -i key.txt --from usb | head -c 3 | wc -c')).toBe('3\n');
    expect(await bash('"$NODE" "$BAT" dump src -i key.txt --from usb | head -c 3 | wc -c')).toBe('3\n');

    // A sealed volume in parts, as an account holds it, beside what age and zstd make of it.
    const [volume = ''] = readdirSync(backup.at('usb/plan/volumes'));
    await bash(`age -r ${backup.recipient} < usb/plan/volumes/${volume} > ${volume}.age; split -b 3000000 -a 3 -d ${volume}.age ${volume}.age.; rm ${volume}.age`);
    await bash(`"$NODE" "$BAT" decrypt ${volume}.age.000 -i key.txt -o - | cmp - <(zstd -dc usb/plan/volumes/${volume})`);
  });
});
