/** Files that are read on a thread of their own come as they would have come without it. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SelectedEntry } from '../../src/steps/flow.ts';
import { ChunkReader, ReadBuffers } from '../../src/steps/shared/reading/chunk-reader.ts';
import { ReadAhead } from '../../src/steps/shared/reading/read-ahead.ts';
import { ReadProblem, smallFile } from '../../src/steps/shared/reading/reading.ts';
import { stepSetting, type StepSetting } from './step-setting.ts';

let setting: StepSetting;
beforeEach(() => {
  setting = stepSetting();
});
afterEach(() => setting.remove());

const MiB = 2 ** 20;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const asIs = (selected: SelectedEntry): SelectedEntry => selected;

/** By the seven, so that groups begin and end within what is handed over. */
async function* given(selected: readonly SelectedEntry[]): AsyncGenerator<readonly SelectedEntry[]> {
  for (let at = 0; at < selected.length; at += 7) yield selected.slice(at, at + 7);
}

async function* entriesOf(files: ReadAhead, input: AsyncIterable<readonly SelectedEntry[]>, receive: (selected: SelectedEntry) => SelectedEntry): AsyncGenerator<SelectedEntry> {
  for await (const group of files.groups(input, receive)) yield* group;
}

/** So many that a thread is started for what follows. */
function enoughForThread(): SelectedEntry[] {
  return Array.from({ length: 300 }, (_, index) => setting.selected(`first-${index}`, Buffer.from(`${index}`)));
}

async function readOut(files: ReadAhead, selected: SelectedEntry): Promise<{ bytes: Buffer; sha256: string; stamp: string; cuts: number[] }> {
  if (selected.entry.size <= smallFile) {
    const { bytes, sha256: hash, stamp } = files.readSmall(selected);
    return { bytes: Buffer.from(bytes), sha256: hash.toString('hex'), stamp, cuts: [] };
  }
  const reader = files.readLarge(selected);
  const chunks: Buffer[] = [];
  const cuts: number[] = [];
  for await (const chunk of reader.chunks()) {
    expect(chunk.sha256.toString('hex')).toBe(sha256(chunk.bytes));
    cuts.push(chunk.offset);
    chunks.push(Buffer.from(chunk.bytes));
  }
  return { bytes: Buffer.concat(chunks), sha256: reader.reading.sha256.toString('hex'), stamp: reader.reading.stamp, cuts };
}

test('every file comes in its turn, whole, with its hash and its stamp', async () => {
  const sizes = [0, 1, 4096, MiB - 1, MiB, MiB + 1, 3 * MiB, smallFile - 1, smallFile, smallFile + 1, 5 * MiB, 10 * MiB, 30 * MiB + 7];
  const selected = enoughForThread();
  for (let turn = 0; turn < 40; turn++) for (const index of [0, 1, 2]) selected.push(setting.selected(`tiny-${turn}-${index}`, randomBytes(turn * 700 + index)));
  for (const [index, size] of sizes.entries()) selected.push(setting.selected(`sized-${index}`, randomBytes(size)), setting.selected(`behind-${index}`, randomBytes(100)));
  const old = selected.map((one) => ({ ...one }));

  const files = new ReadAhead();
  const seen: string[] = [];
  for await (const one of entriesOf(files, given(selected), asIs)) {
    seen.push(one.entry.path);
    const read = await readOut(files, one);
    const real = readFileSync(one.absolute);
    expect(read.bytes.equals(real), one.entry.path).toBe(true);
    expect(read.sha256).toBe(sha256(real));
    expect([one.stamp, '']).toContain(read.stamp);
  }
  expect(seen).toEqual(old.map((one) => one.entry.path));
});

test('a large file is cut where it is cut without the thread', async () => {
  const selected = setting.selected('large', randomBytes(40 * MiB));
  const files = new ReadAhead();
  const cuts: number[][] = [];
  for await (const one of entriesOf(files, given([...enoughForThread(), selected]), asIs)) if (one === selected) cuts.push((await readOut(files, one)).cuts);
  const alone: number[] = [];
  for await (const { offset } of new ChunkReader(selected, new ReadBuffers(), selected.entry.size).chunks()) alone.push(offset);
  expect(cuts).toEqual([alone]);
});

test('what is no file waits for its turn: it may hang on how the files before it were read', async () => {
  const selected = enoughForThread();
  const link: SelectedEntry = { ...selected[0]!, entry: { ...selected[0]!.entry, path: 'link', type: 'hardlink', link: 'first-299' } };
  const log: string[] = [];
  const files = new ReadAhead();
  const receive = (one: SelectedEntry): SelectedEntry => {
    if (one === link) log.push('received link');
    return one;
  };
  for await (const one of entriesOf(files, given([...selected, link]), receive)) log.push(one.entry.path);
  expect(log.slice(-3)).toEqual(['first-299', 'received link', 'link']);
});

test('a file that vanished or became a folder is a problem of its own; those around it are read', async () => {
  const selected = [...enoughForThread(), ...['a', 'gone', 'b', 'folder', 'c'].map((name) => setting.selected(name, randomBytes(5000)))];
  const [, gone, , folder] = selected.slice(300);
  rmSync(gone!.absolute);
  rmSync(folder!.absolute);
  mkdirSync(folder!.absolute);
  const files = new ReadAhead();
  const problems: string[] = [];
  for await (const one of entriesOf(files, given(selected), asIs)) {
    try {
      expect(files.readSmall(one).bytes.equals(readFileSync(one.absolute))).toBe(true);
    } catch (error) {
      if (!(error instanceof ReadProblem)) throw error;
      problems.push(`${one.entry.path}: ${error.kind}`);
    }
  }
  expect(problems).toEqual(['gone: vanished', 'folder: unread']);
});

test('a large file that vanished is one too', async () => {
  const selected = [...enoughForThread(), setting.selected('large', randomBytes(9 * MiB)), setting.selected('behind', randomBytes(9))];
  rmSync(selected[300]!.absolute);
  const files = new ReadAhead();
  const problems: unknown[] = [];
  for await (const one of entriesOf(files, given(selected), asIs)) await readOut(files, one).catch((error: unknown) => problems.push(error));
  expect(problems).toMatchObject([{ kind: 'vanished' }]);
});

test('a file that is another than it was selected says what it is now', async () => {
  const selected = [...enoughForThread(), setting.selected('grown', randomBytes(5000))];
  writeFileSync(selected[300]!.absolute, randomBytes(6000));
  const files = new ReadAhead();
  for await (const one of entriesOf(files, given(selected), asIs)) {
    if (one === selected[300]) expect(files.readSmall(one)).toMatchObject({ asRead: { size: 6000, mode: 0o644 }, stamp: '', changed: false });
  }
});

test('files that grow by more than there is room for take nothing from those behind them', async () => {
  const selected = [...enoughForThread(), ...['one', 'two', 'three', 'behind'].map((name) => setting.selected(name, randomBytes(100)))];
  const grown = selected.slice(300, 303);
  for (const { absolute } of grown) writeFileSync(absolute, randomBytes(4 * MiB));
  const files = new ReadAhead();
  for await (const one of entriesOf(files, given(selected), asIs)) {
    const { bytes, changed, sha256: hash } = files.readSmall(one);
    expect([one.entry.path, changed, bytes.equals(readFileSync(one.absolute)), hash.toString('hex')]).toEqual([one.entry.path, false, true, sha256(bytes)]);
  }
});

test('a large file of which nobody wants the rest does not hold up those behind it', async () => {
  const selected = [...enoughForThread(), setting.selected('large', randomBytes(30 * MiB)), setting.selected('unread', randomBytes(30 * MiB)), setting.selected('behind', randomBytes(9))];
  const files = new ReadAhead();
  let last = '';
  for await (const one of entriesOf(files, given(selected), asIs)) {
    last = one.entry.path;
    if (last === 'large') for await (const { offset } of files.readLarge(one).chunks()) if (offset > 0) break;
  }
  expect(last).toBe('behind');
});

test('whoever stops in the middle stops the thread', async () => {
  const files = new ReadAhead();
  const selected = [...enoughForThread(), ...enoughForThread()];
  const stopping = async (): Promise<void> => {
    for await (const one of entriesOf(files, given(selected), asIs)) if (one === selected[299]) throw new Error('enough');
  };
  const threads = (): number => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const before = threads();
  await expect(stopping()).rejects.toThrow('enough');
  expect(threads()).toBe(before);
});

test('what the input fails with is thrown', async () => {
  const files = new ReadAhead();
  async function* failing(): AsyncGenerator<readonly SelectedEntry[]> {
    yield enoughForThread();
    throw new Error('the disk is gone');
  }
  const reading = async (): Promise<void> => {
    for await (const one of entriesOf(files, failing(), asIs)) files.readSmall(one);
  };
  await expect(reading()).rejects.toThrow('the disk is gone');
});
