import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bench, type BenchOptions } from '../../src/actions/bench.ts';
import { loadPlan, type Plan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { FileTarget } from '../../src/targets/file.ts';
import { disk } from '../../src/targets/file/disk.ts';
import type { OpenOptions, PutOptions, Receipt, TargetContext, TargetType, Upload } from '../../src/targets/target.ts';
import { noise } from '../e2e/noise.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

const MiB = 1024 * 1024;

let box: SmallBackup;
beforeEach(async () => {
  box = await smallBackup();
  mkdirSync(join(box.folder, 'tmp'));
  vi.stubEnv('TMPDIR', join(box.folder, 'tmp'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  box.remove();
});

/** Without what SQLite keeps beside a catalog that was looked into. */
const everything = (): string[] => readdirSync(box.folder, { recursive: true, encoding: 'utf8' }).filter((path) => !/\.db-(shm|wal)$/.test(path)).sort();

const measure = (options: Partial<BenchOptions> = {}): ReturnType<typeof bench> =>
  bench({ plan: box.plan, sources: [], limit: 2 ** 30, time: 60_000, upload: null, environment: {}, tell: () => {}, signal: new AbortController().signal, ...options });

/** The plan with these lines in place of its own. */
async function planWith(...lines: string[]): Promise<Plan> {
  const kept = readFileSync(join(box.folder, 'bat.yaml'), 'utf8').split('\n').filter((line) => !lines.some((other) => other.split(':')[0] === line.split(':')[0]));
  box.write({ 'bat.yaml': [...kept, ...lines, ''].join('\n') });
  return loadPlan(join(box.folder, 'bat.yaml'), { registries, environment: {}, strict: true, resolveSecrets: true });
}

describe('without an upload', () => {
  test('every step works, and nothing is written anywhere', async () => {
    const plan = await planWith('steps: [select, { tar: { spool: spool } }, compress, { upload: { to: [one, two] } }, { record: { log: logs, summary: summary.csv } }]');
    const before = everything();
    const report = await measure({ plan });
    expect(everything()).toEqual(before);
    expect(report.sources).toMatchObject([{ source: 'docs', files: 4, bytes: 22, isWhole: true, issues: [] }, { source: 'music', files: 1, bytes: 8, isWhole: true }]);
    expect(report).toMatchObject({ plan: 'small', files: 5, bytes: 30, targets: [] });
    expect(report.steps.map(({ step, targets, codec }) => [step, targets ?? codec])).toEqual([['select', undefined], ['tar', undefined], ['compress', 'zstd'], ['upload', ['one', 'two']], ['record', undefined]]);
    for (const { step, times, share } of report.steps) {
      expect(times.working, step).toBeGreaterThan(0);
      expect(share, step).toBeLessThanOrEqual(1);
      expect(times.working + times.starved + times.held, step).toBeLessThanOrEqual(report.wall + 1);
    }
    const [, , compress, upload, record] = report.steps;
    expect(upload!.taken.bytes).toBe(compress!.given.bytes);
    expect(record!.taken).toEqual({ items: 2, bytes: upload!.taken.bytes });
    expect(report.use.user + report.use.system).toBeGreaterThan(0);
    expect(report.verdict).toMatchObject({ kind: 'step', rate: expect.any(Number) as number });
    expect(report.notes.join('\n')).toMatch(/Nothing was written for tar\.spool, record\.summary, record\.log\./);
  });

  test('it does not count what is stored already, and leaves the catalog as it is', async () => {
    await box.run();
    const catalog = join(box.folder, 'state/catalog.db');
    const before = [everything(), readFileSync(catalog)];
    expect(await measure()).toMatchObject({ files: 5, bytes: 30 });
    expect([everything(), readFileSync(catalog)]).toEqual(before);
  });

  test('a large file is read as far as the limit, and what a source leaves of its share is for the next', async () => {
    writeFileSync(join(box.folder, 'music/film.bin'), noise(12 * MiB, 1));
    const { sources, steps, notes, bytes } = await measure({ limit: 4 * MiB });
    expect(sources).toMatchObject([{ source: 'docs', bytes: 22, isWhole: true }, { source: 'music', isWhole: false }]);
    expect(bytes).toBeGreaterThanOrEqual(4 * MiB);
    expect(bytes).toBeLessThan(8 * MiB);
    expect(steps.find(({ step }) => step === 'upload')!.taken.bytes).toBeGreaterThan(3 * MiB);
    expect(notes).toContain('The reading was ended by --limit or --time.');
  });

  test('many files are read until the limit, or until the time is over', async () => {
    for (let index = 0; index < 40; index++) writeFileSync(join(box.folder, 'music', `${index}.bin`), noise(100_000, index));
    const limited = await measure({ sources: ['music'], limit: 1_000_000 });
    expect(limited.sources).toMatchObject([{ files: 10, isWhole: false }]);
    // With the headers of the tar at the most.
    expect(limited.bytes - 1_000_000).toBeGreaterThanOrEqual(0);
    expect(limited.bytes - 1_000_000).toBeLessThan(20_000);
    const hurried = await measure({ sources: ['music'], time: 0 });
    expect(hurried.sources).toMatchObject([{ bytes: 0, isWhole: false }]);
    expect(hurried.verdict).toBeNull();
  });

  test('each file as an object of its own, plain and sealed lanes side by side', async () => {
    const key = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
    const plan = await planWith(`steps: [select, compress, { upload: { id: home, to: one } }, { encrypt: { from: compress, to: ${key} } }, { upload: { id: away, to: two } }, record]`);
    const { steps, bytes } = await measure({ plan });
    expect(bytes).toBe(30);
    expect(steps.map(({ step }) => step)).toEqual(['select', 'files', 'compress', 'home', 'encrypt', 'away', 'record']);
    expect(steps.at(-1)!.taken.items).toBe(10);
  });

  test('the program of a source is called only where that is named, and a hook never', async () => {
    const plan = await planWith('sources: { docs: { path: docs }, dump: { command: [sh, -c, "touch called; echo text"], as: dump.txt } }', 'steps: [select, tar, compress, { upload: { to: one } }, record, { run: { command: [touch, hooked] } }]', 'targets: { one: { type: file, path: one } }');
    const all = await measure({ plan });
    expect(all.sources.map(({ source }) => source)).toEqual(['docs']);
    expect(all.notes.join('\n')).toContain('dump: the program of the plan was not called');
    expect(all.notes.join('\n')).toContain('The steps `run` were left out.');
    expect(everything()).not.toContain('called');
    expect(await measure({ plan, sources: ['dump'] })).toMatchObject({ bytes: 5, sources: [{ source: 'dump', files: 1 }] });
    expect(everything()).toContain('called');
    expect(everything()).not.toContain('hooked');
  });

  test('a source that is missing is told, and the others are measured', async () => {
    rmSync(join(box.folder, 'docs'), { recursive: true });
    const { sources } = await measure();
    expect(sources).toMatchObject([{ source: 'docs', isWhole: false, error: { code: 'SOURCE_MISSING' } }, { source: 'music', bytes: 8, isWhole: true }]);
    await expect(measure({ sources: ['films'] })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('interrupted, it leaves nothing', async () => {
    const before = everything();
    const controller = new AbortController();
    const told = measure({ signal: controller.signal, tell: () => controller.abort(new Error('stopped')) });
    await expect(told).rejects.toMatchObject({ code: 'INTERRUPTED', message: 'Interrupted. Nothing is left of the bench.' });
    expect(everything()).toEqual(before);
  });
});

describe('with an upload', () => {
  /** The plan with a target of this kind in place of `one`. */
  const planOf = (create: TargetType<unknown>['create']): Plan => ({ ...box.plan, targets: box.plan.targets.map((spec) => (spec.id === 'one' ? { ...spec, type: { ...spec.type, create } } : spec)) });

  class Watched extends FileTarget {
    readonly onWrite: (options: PutOptions) => void;

    constructor(id: string, options: unknown, context: TargetContext, onWrite: (options: PutOptions) => void) {
      super(id, options as { path: string }, context, disk);
      this.onWrite = onWrite;
    }

    override put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
      this.onWrite(options);
      return super.put(name, bytes, options);
    }

    override open(name: string, options: OpenOptions): Promise<Upload> {
      this.onWrite(options);
      return super.open(name, options);
    }
  }

  test('each target is measured both ways, by hot objects that are gone afterwards', async () => {
    await box.run();
    const before = everything();
    const temperatures = new Set<string>();
    const plan = planOf((id, options, context) => new Watched(id, options, context, ({ temperature }) => temperatures.add(temperature)));
    const { targets, notes } = await measure({ plan, upload: 12 * MiB });
    const rate = expect.any(Number) as number;
    for (const id of ['one', 'two']) expect(targets).toContainEqual({ target: id, location: expect.stringContaining('.bat-check-') as string, sent: 12 * MiB + 5 * 1024, up: rate, down: rate, smallObject: rate, limits: [], leftBehind: [] });
    expect(temperatures).toEqual(new Set(['hot']));
    expect(everything()).toEqual(before);
    expect(notes.join('\n')).not.toContain('--upload');
  });

  test('one that is away, or that gives other bytes back, is told; the others are measured', async () => {
    class Damaging extends FileTarget {
      override async read(name: string, offset: number, length: number): Promise<Uint8Array> {
        const bytes = await super.read(name, offset, length);
        bytes[bytes.length - 1]! ^= 1;
        return bytes;
      }
    }
    const { targets } = await measure({ plan: planOf((id, options, context) => new Damaging(id, options as { path: string }, context, disk)), upload: MiB });
    expect(targets).toMatchObject([{ target: 'one', error: { code: 'OBJECT_DAMAGED' }, leftBehind: [] }, { target: 'two', sent: MiB + 5 * 1024 }]);

    const plan = await planWith('targets: { one: { type: file, path: no/such/disk }, two: { type: file, path: two } }');
    const away = await measure({ plan, upload: MiB });
    expect(away.targets).toMatchObject([{ target: 'one', sent: 0, up: null, error: { code: 'TARGET_UNREACHABLE' } }, { target: 'two', up: expect.any(Number) as number }]);
    expect(everything()).not.toContain('two');
  });

  test('a disk that is not the one of the catalog is left alone', async () => {
    await box.run();
    rmSync(join(box.folder, 'one'), { recursive: true });
    const { targets } = await measure({ upload: MiB });
    expect(targets[0]).toMatchObject({ error: { code: 'TARGET_CHANGED' }, sent: 0 });
    expect(everything()).not.toContain('one');
  });

  test('interrupted, it removes what it had sent', async () => {
    const before = everything();
    const controller = new AbortController();
    const plan = planOf((id, options, context) => new Watched(id, options, context, () => controller.abort(new Error('stopped'))));
    await expect(measure({ plan, upload: MiB, signal: controller.signal })).rejects.toMatchObject({ code: 'INTERRUPTED', message: 'Interrupted. What the bench had stored is removed.' });
    expect(everything()).toEqual(before);
  });
});
