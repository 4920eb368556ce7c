/** What a file was like when it was read, whatever becomes of it meanwhile and whatever the clocks say. */
import fs, { lstatSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { formatMtime } from '../../src/core/entry.ts';
import type { SelectedEntry } from '../../src/steps/flow.ts';
import { ChunkReader, ReadBuffers } from '../../src/steps/shared/reading/chunk-reader.ts';
import type { Reading } from '../../src/steps/shared/reading/reading.ts';
import { readSmallFile } from '../../src/steps/shared/reading/small-file.ts';
import { stepSetting, type StepSetting } from './step-setting.ts';

const hour = 3_600_000;
const large = 12 * 2 ** 20;
let setting: StepSetting;
beforeEach(() => {
  setting = stepSetting();
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  setting.remove();
});

const readSmall = (selected: SelectedEntry): Reading & { bytes: Buffer } => readSmallFile(selected, new ReadBuffers().window);

/** `between`: what happens once the first chunk has come. */
async function readLarge(selected: SelectedEntry, between = () => {}): Promise<Reading & { bytes: Buffer }> {
  const reader = new ChunkReader(selected, new ReadBuffers(), selected.entry.size);
  const parts: Buffer[] = [];
  for await (const { bytes } of reader.chunks()) {
    if (parts.push(Buffer.from(bytes)) === 1) between();
  }
  return { ...reader.reading, bytes: Buffer.concat(parts) };
}

/** Other bytes of the same length, and a time that no earlier state had. */
function rewrite(path: string, seconds: number): void {
  writeFileSync(path, randomBytes(lstatSync(path).size));
  utimesSync(path, seconds, seconds);
}

/** The clock of this machine, seen from the one that stamps files. */
function clockAhead(milliseconds: number): void {
  const { now } = Date;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + milliseconds);
}

/** Something happens at every read of a small file. */
function atEachRead(deed: (count: number) => void): void {
  const { readSync } = fs;
  let count = 0;
  vi.spyOn(fs, 'readSync').mockImplementation(((...words: Parameters<typeof readSync>) => {
    const length = readSync(...words);
    deed(++count);
    return length;
  }) as typeof readSync);
  syncBuiltinESMExports();
}

describe.each([['behind', hour], ['ahead', -hour], ['the same', 0]])('the clock of the file server is %s', (_, ahead) => {
  test('a large file that is rewritten while it is read has changed, and is read again', async () => {
    const selected = setting.selected('file', randomBytes(large));
    clockAhead(ahead);
    const reading = await readLarge(selected, () => rewrite(selected.absolute, 1_000_000));
    expect([reading.changed, reading.stamp, reading.asRead.mtime]).toEqual([true, '', formatMtime(1_000_000n * 10n ** 9n)]);
  });

  test('so has a small one', () => {
    const selected = setting.selected('file', randomBytes(5000));
    clockAhead(ahead);
    atEachRead((count) => rewrite(selected.absolute, 1_000_000 + count));
    const reading = readSmall(selected);
    expect([reading.changed, reading.stamp]).toEqual([true, '']);
  });

  test.each([['small', 5000], ['large', large]])('a %s file that changed before it was opened has not changed while it was read; it is read again', async (size, length) => {
    const selected = setting.selected('file', randomBytes(length));
    rewrite(selected.absolute, 1_000_000);
    clockAhead(ahead);
    const reading = size === 'small' ? readSmall(selected) : await readLarge(selected);
    expect([reading.changed, reading.stamp, reading.asRead.mtime]).toEqual([false, '', formatMtime(1_000_000n * 10n ** 9n)]);
    expect(reading.bytes.equals(fs.readFileSync(selected.absolute))).toBe(true);
  });
});

test('a small file that was rewritten under the first read is given as it is now, whole', () => {
  const selected = setting.selected('file', randomBytes(5000));
  atEachRead((count) => count === 1 && rewrite(selected.absolute, 1_000_000));
  const reading = readSmall(selected);
  expect(reading.bytes.equals(fs.readFileSync(selected.absolute))).toBe(true);
  expect([reading.changed, reading.stamp]).toEqual([false, '']);
});

test('a file that is as it was selected costs one stat, and keeps its stamp', () => {
  const selected = setting.selected('file', randomBytes(5000));
  clockAhead(hour);
  const stat = vi.spyOn(fs, 'fstatSync');
  syncBuiltinESMExports();
  const reading = readSmall(selected);
  expect([reading.changed, reading.stamp, stat.mock.calls.length]).toEqual([false, selected.stamp, 1]);
});

test.each([['small', 5000], ['large', large]])('a %s file that was written in the tick in which it is read is read again: a second write would not show', async (size, length) => {
  const selected = setting.selected('file', randomBytes(length));
  vi.spyOn(Date, 'now').mockReturnValue(lstatSync(selected.absolute).ctimeMs + 10);
  const reading = size === 'small' ? readSmall(selected) : await readLarge(selected);
  expect([reading.changed, reading.stamp]).toEqual([false, '']);
});

test('what became a pipe is no file any more', async () => {
  for (const length of [5000, large]) {
    const selected = setting.selected(`file ${length}`, randomBytes(length));
    rmSync(selected.absolute);
    execFileSync('mkfifo', [selected.absolute]);
    const reading = async () => (length === large ? readLarge(selected) : readSmall(selected));
    await expect(reading()).rejects.toMatchObject({ kind: 'unread', message: 'it is not a file any more' });
  }
});
