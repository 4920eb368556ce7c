/** A server that is killed during uploads, a hundred times. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { chanceOf } from '../../src/core/chance.ts';
import { KilledServer } from './serve-killed.ts';

const kills = Number(process.env['BAT_KILLS'] ?? 100);

test(`a server that is killed ${kills} times keeps every file that it said it keeps, and no half one`, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const chance = chanceOf(seed);
  const server = new KilledServer(chance);
  onTestFinished(() => server.remove());
  for (let kill = 1; kill <= kills; kill++) {
    await server.start();
    const sending = server.sendUntilGone();
    // The moment of the kill: anywhere in what the clients are doing.
    await Promise.race([delay(20 + chance() * 600), sending]);
    await server.kill();
    await sending;
    server.expectNothingLost(`seed ${seed}, kill ${kill}`);
  }
  await server.start();
  await server.finishAll();
  const report = (await (await server.request('/sync', { method: 'POST' })).json()) as { files: number };
  const there = server.expectNothingLost(`seed ${seed}, at the end`);
  expect(report.files).toBe(server.files().length);
  const table = (await (await server.request('/table')).text()).trim().split('\n').map((line) => JSON.parse(line) as { path?: string; sha256?: string });
  expect(new Set(table.flatMap(({ sha256 }) => (sha256 === undefined ? [] : [sha256])))).toEqual(there);
  expect(table.filter(({ path, sha256 }) => path !== undefined && sha256 === undefined)).toEqual([]);
  // What is known of a finished upload stays for a day, should its client ask again; of bytes nothing stays.
  expect(server.left().filter((name) => !/^tus-\w+\.json/.test(name))).toEqual([]);
  console.log(`seed ${seed}: ${server.told.size} files were said to be kept, ${server.files().length} lie there, ${server.finishedLater} uploads were gone on with after a kill.`);
});
