import { expect, test } from 'vitest';
import { ProgressLine } from '../../src/runner/progress.ts';

const mebibyte = 2 ** 20;

test('how far it is, how fast, and how long it takes yet, once that can be told', () => {
  const line = new ProgressLine(0);
  const total = { objects: 0, totalFiles: 1000, totalBytes: 100 * mebibyte };
  expect(line.text({ ...total, files: 1, bytes: mebibyte }, 1000)).toBe('1 of 1,000 files · 1.0 MiB of 100 MiB · 1.0 MiB/s');
  expect(line.text({ ...total, files: 100, bytes: 10 * mebibyte }, 5000)).toBe('100 of 1,000 files · 10.0 MiB of 100 MiB · 2.0 MiB/s · 45 s left');
});

test('the rate is that of the last seconds', () => {
  const line = new ProgressLine(0);
  line.text({ files: 0, bytes: 100 * mebibyte, objects: 0 }, 1000);
  for (let second = 2; second <= 30; second++) line.text({ files: 0, bytes: (100 + second) * mebibyte, objects: 0 }, second * 1000);
  expect(line.text({ files: 0, bytes: 131 * mebibyte, objects: 0 }, 31_000)).toBe('131 MiB · 1.0 MiB/s');
});

test('what was there already makes no rate', () => {
  const line = new ProgressLine(0);
  const counts = { objects: 0, totalFiles: 15, totalBytes: 343 * mebibyte };
  line.text({ ...counts, files: 7, bytes: 114 * mebibyte, passedBytes: 114 * mebibyte }, 500);
  expect(line.text({ ...counts, files: 8, bytes: 134 * mebibyte, passedBytes: 114 * mebibyte }, 1000)).toBe('8 of 15 files · 134 MiB of 343 MiB · 20.0 MiB/s');
});

test('what it came to', () => {
  expect(new ProgressLine(0).total({ files: 2, bytes: 8 * mebibyte, objects: 1 }, 4000)).toBe('2 files · 8.0 MiB · 2.0 MiB/s');
  expect(new ProgressLine(0).total({ files: 0, bytes: 0, objects: 3 }, 4000)).toBe('3 objects');
});
