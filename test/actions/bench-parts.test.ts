import { describe, expect, test } from 'vitest';
import { MeasuredSeams } from '../../src/actions/bench/measured-seams.ts';
import { StepClock } from '../../src/actions/bench/step-clock.ts';
import { TestBytes } from '../../src/actions/bench/test-bytes.ts';
import type { BenchReport, BenchStep, BenchTarget } from '../../src/actions/bench/report.ts';
import { benchNotes } from '../../src/actions/bench/notes.ts';
import { findBottleneck } from '../../src/actions/bench/verdict.ts';
import { fileTarget } from '../../src/targets/file.ts';
import type { GraphNode } from '../../src/plan/graph.ts';
import type { Plan, TargetSpec } from '../../src/plan/plan.ts';
import type { Item } from '../../src/runner/seams.ts';
import type { Source } from '../../src/steps/source.ts';

describe('the clock of a step', () => {
  function clockAt(): { clock: StepClock; at: (time: number) => StepClock } {
    let now = 0;
    const clock = new StepClock(() => now);
    return { clock, at: (time) => ((now = time), clock) };
  }

  test('tells work from waiting, on either side', () => {
    const { clock, at } = clockAt();
    clock.opens();
    clock.begins();
    at(1).waits();
    at(4).gets(false);
    at(9).gives();
    at(16).begins();
    at(17).waits();
    at(19).gets(true);
    at(22).ends();
    expect(clock.times).toEqual({ working: 1 + 5 + 1 + 3, starved: 3 + 2, held: 7 });
  });

  test('waits for all of its inputs, and for none that has ended', () => {
    const { clock, at } = clockAt();
    clock.opens();
    clock.opens();
    clock.begins();
    at(1).waits();
    at(3).waits();
    at(6).gets(true);
    at(10).gets(false);
    at(15).ends();
    // What comes to its end after the step is nothing to it.
    at(20).gets(true);
    at(30).gives();
    expect(clock.times).toEqual({ working: 1 + 2 + 5, starved: 3 + 4, held: 0 });
  });
});

describe('the seams', () => {
  const node = (takes: string[], gives: string): GraphNode => ({ id: `gives ${gives}`, type: { takes, gives } }) as unknown as GraphNode;
  const finder = node([], 'entries');
  const maker = node(['entries'], 'objects');
  const batch = (...sizes: number[]): Item => sizes.map((size) => ({ entry: { type: 'file', size } })) as unknown as Item;
  const data = (length: number): Item => ({ type: 'data', bytes: Buffer.alloc(length) });
  const open = { type: 'open' } as Item;
  const close: Item = { type: 'close', decoded: 8, frames: [] };

  async function* streamOf(items: readonly Item[], taken: Item[] = []): AsyncGenerator<Item> {
    for (const item of items) {
      taken.push(item);
      yield item;
    }
  }

  async function all(items: AsyncIterable<Item>): Promise<Item[]> {
    const given: Item[] = [];
    for await (const item of items) given.push(item);
    return given;
  }

  test('let everything through that is within the limit, and count it', async () => {
    const seams = new MeasuredSeams((bytes) => bytes >= 100);
    const objects = [open, data(3), data(5), close];
    expect(await all(seams.output(finder, streamOf([batch(3, 4), batch(5)])))).toEqual([batch(3, 4), batch(5)]);
    expect(await all(seams.output(maker, streamOf(objects)))).toEqual(objects);
    expect(seams).toMatchObject({ isCut: false, made: 8 });
    expect(seams.steps.get(finder.id)!.given).toEqual({ items: 3, bytes: 12 });
    expect(seams.steps.get(maker.id)!.given).toEqual({ items: 4, bytes: 8 });
  });

  test('end an object where it is enough, and take what was found beyond that, so that who finds it comes to an end', async () => {
    const seams = new MeasuredSeams((bytes) => bytes >= 8);
    const found: Item[] = [];
    const entries = Array.from({ length: 50 }, () => batch(0));
    seams.input(maker, streamOf(entries, found));
    expect(await all(seams.output(maker, streamOf([open, data(3), data(5), data(7), close])))).toEqual([open, data(3), data(5), close]);
    await new Promise(setImmediate);
    expect(seams).toMatchObject({ isCut: true, made: 8 });
    expect(found).toHaveLength(50);
    // Whoever finds paths looks no further.
    expect(await all(seams.output(finder, streamOf(entries)))).toEqual([]);
    // Nor beyond the one with which it is enough.
    expect(await all(new MeasuredSeams((bytes) => bytes >= 8).output(finder, streamOf([batch(3, 5, 1), batch(1)])))).toEqual([batch(3, 5)]);
  });

  test('an object that is done when it is enough is not closed twice', async () => {
    const seams = new MeasuredSeams((bytes) => bytes >= 8);
    const items = [open, data(7), close, open, data(1), { type: 'discard' } as Item, open];
    expect(await all(seams.output(maker, streamOf(items)))).toEqual([open, data(7), close, open, data(1), { ...close, decoded: 1 }]);
    let asked = 0;
    const hurried = new MeasuredSeams(() => ++asked === 2);
    expect(await all(hurried.output(maker, streamOf(items)))).toEqual([open, data(7), close]);
  });
});

test('the notes tell how cold the files were, what other programs did, and what is not known', () => {
  const use: BenchReport['use'] = { user: 1, system: 1, mainLoop: 1, threads: null, peakMemory: 1, others: 0.5, io: { read: 100, readFromDisk: 40, written: 0, writtenToDisk: 0 } };
  const report = { bytes: 100, wall: 10, sources: [], targets: [], use } as unknown as BenchReport;
  const source = { id: 'docs' } as unknown as Source;
  const plan = { sources: [source], graph: { nodes: [], hooks: [] } } as unknown as Plan;
  const notes = (changed: Partial<BenchReport['use']>): string => benchNotes({ ...report, use: { ...use, ...changed } }, plan, [source]).join('\n');
  const text = notes({});
  expect(text).toContain('40 % of what was read came from the disk');
  expect(text).toContain('Other programs took 50 % of the processor');
  expect(text).toContain('does not tell what each thread');
  expect(text).toContain('is too little for figures that mean much');
  expect(notes({ others: 0.05 })).not.toContain('Other programs');
  expect(notes({ io: { ...use.io!, readFromDisk: 1 } })).toContain('lay in the cache');
});

test('test bytes are known again at their place, and only there', () => {
  const bytes = Buffer.concat([0, 1, 2].map((number) => Buffer.from(new TestBytes().block(number))));
  const block = bytes.length / 3;
  const sent = new TestBytes();
  expect(sent.isAt(0, bytes)).toBe(true);
  expect(sent.isAt(block, bytes.subarray(block))).toBe(true);
  expect(sent.isAt(0, bytes.subarray(block))).toBe(false);
  bytes[block * 2 + 100]! ^= 1;
  expect(sent.isAt(0, bytes)).toBe(false);
});

describe('the bottleneck', () => {
  const second = 1000;
  const MiB = 1024 * 1024;

  const step = (kind: string, share: number, more: Partial<BenchStep> = {}): BenchStep => ({
    step: kind, kind, taken: { items: 1, bytes: 1000 * MiB }, given: { items: 1, bytes: 500 * MiB }, times: { working: share * 10 * second, starved: 0, held: 0 }, share, rate: (1000 * MiB) / (share * 10), ...more,
  });

  const target = (id: string, up: number | null, more: Partial<BenchTarget> = {}): BenchTarget => ({ target: id, location: '', sent: 0, up, down: up, smallObject: 1, limits: [], leftBehind: [], ...more });

  interface Found {
    steps: BenchStep[];
    targets?: BenchTarget[];
    cpu?: number;
    others?: number;
    fromDisk?: number;
    files?: number;
    spec?: Partial<TargetSpec>;
  }

  function find({ steps, targets = [], cpu = 8 * second, others = 0, fromDisk = 0, files = 10, spec = {} }: Found): ReturnType<typeof findBottleneck> {
    const use: BenchReport['use'] = { user: cpu, system: 0, mainLoop: 0.5, threads: { main: 3 * second, pool: 2 * second, reading: 2 * second, runtime: second }, peakMemory: 1, others, io: { read: 0, readFromDisk: fromDisk, written: 0, writtenToDisk: 0 } };
    const machine: BenchReport['machine'] = { processor: '', cores: 2, memory: 0, system: '', node: '', bat: '' };
    const specs = ['usb', 'cloud'].map((id): TargetSpec => ({ id, type: fileTarget as TargetSpec['type'], options: {}, ...spec }));
    return findBottleneck({ bytes: 1000 * MiB, files, wall: 10 * second, use, machine, steps, targets }, { targets: specs });
  }

  const compress = (share: number, more: Partial<BenchStep> = {}): BenchStep => step('compress', share, { codec: 'zstd', level: 3, ...more });

  test('is the step that is busy for the longest time, and another one that is close is named', () => {
    const slow = find({ steps: [step('select', 0.1), step('tar', 0.4), compress(0.9, { level: 9 })] });
    expect(slow).toMatchObject({ bottleneck: 'compress', kind: 'step', share: 0.9, rate: 100 * MiB });
    expect(slow!.message).toBe('The bottleneck is compress, which compresses (zstd 9): it was busy 90 % of the time, at 111 MiB/s.');
    expect(slow!.advice).toEqual(['A lower level is faster: it is 9, and 3 is usual.']);
    expect(find({ steps: [step('tar', 0.85), compress(0.9)] })!.message).toMatch(/ tar is busy nearly as long, so both must get faster\.$/);
  });

  test('compression that gains nothing, gzip, and cores that are all busy are told', () => {
    expect(find({ steps: [compress(0.9, { given: { items: 1, bytes: 990 * MiB } })] })!.advice[0]).toMatch(/^What is read hardly gets smaller \(to 99 %\)/);
    expect(find({ steps: [compress(0.9, { codec: 'gzip', level: 6 })] })!.advice[0]).toMatch(/^zstd is several times as fast/);
    expect(find({ steps: [compress(0.9)], cpu: 19 * second })!.advice).toContain('All 2 cores were busy: only less work, or more cores, makes a run faster.');
  });

  test('of the step that reads it is told whether it waits for the disk, or has many small files', () => {
    expect(find({ steps: [step('tar', 0.9)], fromDisk: 900 * MiB })!.advice[0]).toMatch(/^It waits for the disk of the sources/);
    expect(find({ steps: [step('tar', 0.9)], files: 100_000 })!.advice[0]).toMatch(/^There are 100,000 files of 10\.2 KiB on average/);
    expect(find({ steps: [step('tar', 0.9)] })!.advice[0]).toMatch(/^It reads and hashes on one thread/);
  });

  test('is the slowest target, where that takes less than the steps give', () => {
    const steps = [step('tar', 0.9), step('upload', 0.1, { targets: ['usb', 'cloud'], taken: { items: 1, bytes: 500 * MiB } })];
    const far = find({ steps, targets: [target('usb', 30 * MiB), target('cloud', 2 * MiB)] });
    expect(far).toMatchObject({ bottleneck: 'cloud', kind: 'target', rate: 4 * MiB });
    expect(far!.message).toBe('The bottleneck is the target cloud: it takes 2.0 MiB/s, enough for 4.0 MiB/s of the sources, and the steps before it manage 100 MiB/s.');
    expect(far!.advice).toContain('There is processor time to spare: a higher `level` of compression sends less.');
    expect(find({ steps, targets: [target('cloud', 2 * MiB)], others: 0.8 })!.advice.join()).not.toContain('to spare');
    expect(find({ steps, targets: [target('cloud', 2 * MiB, { limits: ['sends up to 2.0 MiB/s'] })] })!.advice[0]).toMatch(/^The plan itself holds it back \(sends up to 2\.0 MiB\/s\)/);
    expect(find({ steps, targets: [target('usb', 60 * MiB), target('cloud', null)] })).toMatchObject({ bottleneck: 'tar', rate: 100 * MiB });
  });
});
