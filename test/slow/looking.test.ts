/** What is said of a store on a disk, at Cloudinary and in a cold bucket, without a key and without asking any of them. */
import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { jsonLines } from '../cli/fixture.ts';
import { noise } from '../e2e/noise.ts';
import { ThreePlaces, threePlans } from '../e2e/three-places.ts';

let places: ThreePlaces;
afterEach(() => places.remove());

test.each(['volumes', 'files'] as const)('of a plan that stores %s', { timeout: 120_000 }, async (name) => {
  places = await ThreePlaces.create(threePlans[name]);
  const { backup } = places;
  const look = async (...words: string[]): Promise<Record<string, unknown>[]> => {
    const { code, out, err } = await backup.box.bat(...words, '--json');
    expect(code, out + err).toBe(0);
    return jsonLines(out);
  };
  writeFileSync(backup.at('src/film'), noise(4 * 2 ** 20, 1));
  writeFileSync(backup.at('src/letter'), 'Dear all');
  await backup.run();
  writeFileSync(backup.at('src/letter'), 'Dear everybody');
  await backup.run();
  rmSync(backup.at('key.txt'));
  const [first, last] = await backup.snapshots();

  expect(await look('find', 'letter')).toMatchObject([{ first, last: first, size: 8 }, { first: last, last, size: 14 }, { message_type: 'summary', versions: 2 }]);
  expect(await look('diff', first!, last!)).toMatchObject([{ kind: 'changed', path: 'letter' }, { message_type: 'summary', changed: { entries: 1, bytes: 14 } }]);
  expect(await look('diff', '--checksum')).toMatchObject([{ message_type: 'summary', changed: { entries: 0 } }]);

  const [version] = await look('show', 'src/film');
  const objects = (version!['pieces'] as { objects: { name: string; targets: string[] }[] }[])[0]!.objects;
  expect(objects.map(({ targets }) => targets)).toEqual([['usb'], ['cloud', 'glacier']]);
  const held = (await look('show')).filter((line) => line['message_type'] === 'target');
  expect(held.map(({ target }) => target)).toEqual(['usb', 'cloud', 'glacier']);
  expect(new Set(held.map(({ volumes }) => volumes)).size).toBe(1);
  for (const { name: object } of objects) {
    const [shown, ...files] = await look('show', object);
    expect(shown).toMatchObject({ message_type: 'object', name: object });
    expect((shown!['recipients'] as string[] | null)?.[0]).toBe(object.endsWith('.age') ? backup.recipient : undefined);
    expect(files).toContainEqual(expect.objectContaining({ path: 'film', bytes: 4 * 2 ** 20 }));
  }
  const cold = (await look('stats')).find((line) => line['target'] === 'glacier' && line['kind'] === 'volumes')!;
  expect(cold).toMatchObject({ storage_class: 'DEEP_ARCHIVE' });
  expect(cold['objects']).toBe((await places.inBucket()).filter((object) => /^(volumes|src)\//.test(object)).length);
});
