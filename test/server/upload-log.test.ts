/** The log of an upload on a disk that fails: what it calls safe must have been flushed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { beginLog, readLog } from '../../src/server/stores/upload-log.ts';

const head = { name: 'volumes/a', partSize: 1000, user: 'anna', writer: 'w' };
const part = { size: 1000, sha256: 'ab' };
let folder: string;
let handles: FileHandle;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bat-log-'));
  const handle = await open(folder);
  handles = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** The next line is written up to there, and no further. */
function fillDiskAfter(bytes: number): void {
  vi.spyOn(handles, 'appendFile').mockImplementationOnce(async function (this: FileHandle, line) {
    await this.write((line as string).slice(0, bytes));
    throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  });
}

test.each([0, 10])('a line of which only %i bytes were written shifts nothing and spoils nothing', async (bytes) => {
  const path = join(folder, 'log');
  const log = await beginLog(path, head);
  await log.add(0, part);
  fillDiskAfter(bytes);
  await expect(log.add(1, part)).rejects.toMatchObject({ code: 'ENOSPC' });
  await log.add(2, part);
  const { count } = log;
  await log.add(3, part);
  await log.noteSafe(count);
  const { parts } = (await readLog(path))!;
  expect([...parts].map(([index, { isSafe }]) => [index, isSafe])).toEqual([[0, true], [2, true], [3, false]]);
});

test('nothing is written any more where half a line could not be taken away, or a flush failed', async () => {
  for (const call of ['truncate', 'datasync'] as const) {
    const log = await beginLog(join(folder, call), head);
    await log.add(0, part);
    if (call === 'truncate') fillDiskAfter(10);
    vi.spyOn(handles, call).mockRejectedValueOnce(Object.assign(new Error('broken'), { code: 'EIO' }));
    await expect(log.takeBack(0)).rejects.toMatchObject({ code: 'EIO' });
    await expect(log.takeBack(0)).rejects.toMatchObject({ code: 'EIO' });
    await expect(log.add(1, part)).rejects.toMatchObject({ code: 'EIO' });
  }
});
