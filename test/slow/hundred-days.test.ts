/** A policy and its store, lived with for a hundred days: what is kept is what the book says, it comes back, and little else is stored. */
import { statSync } from 'node:fs';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { filesBelow, missingPrograms } from '../e2e/judges.ts';
import { newBucket, s3Client } from '../servers/s3-access.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { LivedWith } from './lived-with.ts';

const missing = missingPrograms('rsync');
const day = 86_400_000;
const retention = {
  retention: '{ last: 2, hourly: 3, daily: 7, weekly: 4, monthly: 3, yearly: all, within: 36h, keep-tags: [release], timezone: Europe/Berlin }',
  policy: { last: 2, hourly: 3, daily: 7, weekly: 4, monthly: 3, yearly: Infinity, within: 1.5, keepTags: ['release'] },
  timezone: 'Europe/Berlin',
};

let lived: LivedWith;
afterEach(() => lived.box.remove());

/** The same numbers from 0 to 1 in every test run. */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs on most days, on some of them more than one, near midnight, too; the clocks change on the way. */
async function live(days: number, chance: () => number): Promise<void> {
  const first = Date.parse('2026-09-10T00:00:00Z');
  let isProtected = false;
  for (let index = 0; index < days; index++) {
    lived.changeTree(3 + Math.floor(chance() * 8));
    // Nobody was there.
    if (chance() < 0.1) continue;
    const runs = chance() < 0.2 ? 2 : 1;
    for (let number = 0; number < runs; number++) {
      const time = new Date(first + index * day + Math.floor(((number + chance()) / runs) * day));
      await lived.runAt(time, ...(index % 23 === 5 ? ['release', `day-${index}`] : []));
      if (number < runs - 1) lived.changeTree(2);
    }
    if (!isProtected && index >= days / 3) {
      await lived.protectNewest();
      isProtected = true;
    }
    if (index % 20 === 19) await lived.expectRestored([lived.kept[0]!, lived.kept.at(-1)!]);
  }
}

describe.skipIf(missing)(`lived with${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('a hundred days on a disk', async () => {
    const chance = chanceOf(1);
    const bytesOf = async (name: string): Promise<number> => filesBelow(lived.at('disk', name)).reduce((sum, file) => sum + statSync(lived.at('disk', name, file)).size, 0);
    lived = await LivedWith.create({ ...retention, target: '{ type: file, path: disk }', storedBytes: bytesOf }, chance);
    await live(100, chance);
    await lived.expectRestored(lived.kept);
    const share = await lived.share();
    console.log(`${lived.kept.length} snapshots kept; the store is ${share.toFixed(3)} times what they need`);
    expect(share).toBeLessThan(1.3);
  });

  test('two weeks in a bucket', async () => {
    const server = await startS3Server();
    try {
      const bucket = await newBucket(server);
      const client = s3Client(server);
      const bytesOf = async (name: string): Promise<number> => {
        let sum = 0;
        for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: `${name}/` })) for (const { Size = 0 } of Contents) sum += Size;
        return sum;
      };
      const target = `{ type: s3, endpoint: "${server.endpoint}", bucket: ${bucket}, region: ${server.region}, access-key: ${server.accessKey}, secret-key: ${server.secretKey} }`;
      const chance = chanceOf(2);
      lived = await LivedWith.create({ ...retention, target, storedBytes: bytesOf }, chance);
      await live(14, chance);
      await lived.expectRestored(lived.kept);
      expect(await lived.share()).toBeLessThan(1.3);
    } finally {
      await server.stop();
    }
  });
});
