/** Several machines may store in one folder: a sweep takes away what this one left, and lets alone what another is writing. */
import { spawnSync } from 'node:child_process';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { temporaryName } from '../../src/targets/file/names.ts';
import { temporaryPrefix } from '../../src/targets/shared/object-names.ts';
import type { FileTarget } from '../../src/targets/file.ts';
import { systemError, watchedDisk } from './faulty-disk.ts';
import { fileTargetIn, filesBelow, removeFolder, temporaryFolder } from './file-store.ts';

const hour = 3_600_000;
const elsewhere = `${temporaryPrefix}0123456789ab-${process.pid}-0123456789abcdef01234567`;
/** What a process of this machine would name it. */
const ofProcess = (pid: number) => temporaryName().replace(/-\d+-/, `-${pid}-`);
let folder: string;
let target: FileTarget;

beforeEach(async () => {
  folder = await temporaryFolder();
  target = fileTargetIn(folder);
  await target.connect({ create: true });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await removeFolder(folder);
});

/** A temporary file to which nothing was added for so long. */
async function leave(name: string, age: number): Promise<void> {
  const path = join(target.location, name);
  await writeFile(path, 'part');
  const seconds = (Date.now() - age) / 1000;
  await utimes(path, seconds, seconds);
}

const left = () => filesBelow(target.location);

test.each([['this process', () => process.pid], ['a process that was killed', () => spawnSync(process.execPath, ['-e', '']).pid]])('what %s left goes at once', async (_, pid) => {
  await leave(ofProcess(pid()), 0);
  expect(await target.sweep()).toBe(1);
  expect(await left()).toEqual([]);
});

test.each([['another machine', elsewhere], ['a process that still runs', ofProcess(process.ppid)], ['nobody knows who', `${temporaryPrefix}1`]])('what %s is writing stays, and goes after a day without a change', async (_, name) => {
  await leave(name, 23 * hour);
  expect(await target.sweep()).toBe(0);
  expect(await left()).toEqual([name]);
  await leave(name, 25 * hour);
  expect(await target.sweep()).toBe(1);
  expect(await left()).toEqual([]);
});

test('the clock of this machine is not asked how old it is', async () => {
  await leave(elsewhere, 0);
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 48 * hour);
  expect(await target.sweep()).toBe(0);
  expect(await left()).toEqual([elsewhere]);
});

test('a disk too full to tell the time is still cleared of what this machine left', async () => {
  await leave(elsewhere, 25 * hour);
  await leave(ofProcess(process.pid), 0);
  const full = fileTargetIn(folder, watchedDisk({ before: ({ name, path }) => {
    if (name === 'open' && path.includes(temporaryPrefix)) throw systemError('ENOSPC');
  } }));
  expect(await full.sweep()).toBe(1);
  expect(await left()).toEqual([elsewhere]);
});
