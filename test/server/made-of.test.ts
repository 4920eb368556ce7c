/** What an object is made of is told as a whole, or not at all. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isMadeOf } from '../../src/server/stores/upload.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-made-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test('a wrong sum takes as much reading as the right ones, wherever it stands', async () => {
  const file = join(folder, 'a');
  writeFileSync(file, 'secret');
  const right = [...'secret'].map((letter) => createHash('sha256').update(letter).digest('hex'));
  const handle = await open(file);
  const reads = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'read');
  await handle.close();
  for (const wrong of [null, 0, 3, 5]) {
    reads.mockClear();
    const parts = right.map((sum, index) => (index === wrong ? sum.replace(/^./, 'x') : sum));
    expect(await isMadeOf(file, { size: 6, partSize: 1 }, parts)).toBe(wrong === null);
    expect(reads).toHaveBeenCalledTimes(6);
  }
});
