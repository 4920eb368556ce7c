/** Restores from cold storage: what is asked for, how often, and what goes on when it is there. */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ThawPending, type RestoreSummary, type ThawOffer } from '../../src/actions/restore.ts';
import type { RestoreOptions } from '../../src/actions/restore.ts';
import { BatError } from '../../src/core/errors.ts';
import type { ThawTier } from '../../src/targets/cold-storage.ts';
import type { ManifestLine } from '../../src/volume/manifest.ts';
import { ColdFolder, Freezer, hour } from './cold-folder.ts';
import { useSetting } from './restore-setting.ts';
import { noise } from './store-builder.ts';

const setting = useSetting();
const files = [
  { path: 'a.bin', content: noise(30_000, 'a') },
  { path: 'b.bin', content: noise(30_000, 'b') },
  { path: 'c.bin', content: noise(30_000, 'c') },
];
let freezer: Freezer;
let offers: ThawOffer[];
beforeEach(() => {
  freezer = new Freezer();
  freezer.others = 'DEEP';
  offers = [];
});

/** The same store as another machine sees it. */
const glacier = (name = 'store'): ColdFolder => new ColdFolder(name, join(setting.folder, name), freezer);

/** As the receipts have it. */
function receipts(target: string, storageClass: string): (lines: ManifestLine[]) => ManifestLine[] {
  return (lines) => lines.map((line) => (line.kind === 'volume' ? { kind: 'volume', volume: { ...line.volume, targets: { [target]: { parts: 1, storageClass } } } } : line));
}

/** Each file in a volume of its own. */
async function build(name = 'store', storageClass = 'DEEP'): Promise<string[]> {
  const store = setting.store({ volumeSize: 20_000 }, name);
  await store.snapshot(files, { tamper: receipts(name, storageClass) });
  return store.volumeNames;
}

function restoreBy(tier: ThawTier, options: Partial<RestoreOptions> = {}, pause: ((milliseconds: number) => Promise<void>) | null = null): Promise<RestoreSummary> {
  const choose = async (offer: ThawOffer): Promise<ThawTier> => {
    offers.push(offer);
    return tier;
  };
  return setting.restore({ targets: [glacier()], thaw: { days: 7, now: () => freezer.now, choose, pause }, ...options });
}

async function pending(work: Promise<unknown>): Promise<ThawPending> {
  const error: unknown = await work.then(
    () => new Error('it did not end with THAW_PENDING'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ThawPending)) throw error;
  return error;
}

const requested = (): string[] => freezer.requests.map(({ name }) => name).sort();
const expectFiles = (): void => {
  for (const { path, content } of files) expect(fs.readFileSync(setting.path(path)).equals(content), path).toBe(true);
};

test('from cold to restored: asked for once, THAW_PENDING with the time, and the same call again goes on', async () => {
  const volumes = await build();
  expect(volumes).toHaveLength(3);
  const first = await pending(restoreBy('bulk'));
  expect(first.exitCode).toBe(75);
  expect(first.message).toMatch(/^3 objects \(\d+\.\d KiB\) on the target "store" are being thawed \(bulk, within 48 h\)\.$/);
  expect(first.until).toEqual(new Date('2026-11-22T08:00:00Z'));
  expect(first.hint).toMatch(/^Call again after Sun 22 Nov, /);
  expect(requested()).toEqual(volumes);
  expect(fs.existsSync(setting.path())).toBe(false);

  freezer.pass(1);
  const second = await pending(restoreBy('standard'));
  expect(second.message).toContain('3 objects');
  expect(second.hint).toMatch(/^By Sun 22 Nov, .* is ready/);
  expect(freezer.requests, 'asked twice, requested once').toHaveLength(3);
  expect(offers, 'nobody is asked about what is on its way').toHaveLength(1);

  freezer.pass(47);
  const summary = await restoreBy('bulk');
  expect(summary).toMatchObject({ files: 3, failed: 0 });
  expect(freezer.requests).toHaveLength(3);
  expectFiles();
});

test('what was thawed and expired is asked for again, and only that', async () => {
  const volumes = await build();
  await pending(restoreBy('standard', { patterns: ['a.bin'] }));
  freezer.pass(24 * 5);
  await pending(restoreBy('standard'));
  expect(requested()).toEqual(volumes);
  freezer.pass(24 * 3);
  await pending(restoreBy('standard'));
  expect(freezer.requests.map(({ name }) => name)).toEqual([...volumes, volumes[0]]);
  expect(offers.map(({ objects, thawing }) => [objects, thawing])).toEqual([[1, 0], [2, 0], [1, 0]]);
  freezer.pass(12);
  await restoreBy('standard');
  expectFiles();
});

test('a copy that expires while it is being read is asked for again, and the rest is restored by then', async () => {
  const volumes = await build();
  await pending(restoreBy('bulk'));
  freezer.pass(48);
  const target = glacier();
  target.onRead = (name) => {
    if (name === volumes[0]) freezer.pass(24 * 7);
  };
  const error = await pending(restoreBy('bulk', { targets: [target] }));
  expect(error.message).toContain('2 objects');
  expect(error.hint).toContain('--overwrite if-changed');
  expect(setting.tree()).toContain('a.bin');
  expect(requested()).toEqual([...volumes, ...volumes.slice(1)].sort());
  freezer.pass(48);
  await restoreBy('bulk', { overwrite: 'if-changed', patterns: ['b.bin', 'c.bin'] });
  expectFiles();
});

test('only what the chosen paths need is thawed, and asked about', async () => {
  const volumes = await build();
  await pending(restoreBy('bulk', { patterns: ['b.bin'] }));
  expect(requested()).toEqual([volumes[1]]);
  expect(freezer.asked).toEqual([volumes[1]]);
  expect(offers).toMatchObject([{ objects: 1, days: 7, storageClasses: ['DEEP'] }]);
});

test('a tier that the class does not have is refused, with those it has, and nothing is asked for', async () => {
  await build();
  await expect(restoreBy('expedited')).rejects.toMatchObject({ code: 'USAGE', exitCode: 2, message: expect.stringMatching(/store.*DEEP.*expedited/) as string, hint: 'Take --tier bulk (48 h) or --tier standard (12 h).' });
  expect(freezer.requests).toEqual([]);
});

test('of two classes only the tiers that both have are offered', async () => {
  const volumes = await build();
  freezer.classes.set(volumes[0]!, 'COOL');
  await pending(restoreBy('bulk'));
  expect(offers[0]).toMatchObject({ storageClasses: ['COOL', 'DEEP'], tiers: [{ tier: 'bulk', most: 48 * hour }] });
});

test('what is hot by its receipt is not asked about, and is restored at once', async () => {
  freezer.others = 'STANDARD';
  await build('store', 'STANDARD');
  await restoreBy('bulk');
  expect(freezer.asked).toEqual([]);
  expectFiles();
});

test('objects that a rule of the store moved to cold storage are found out, whatever their receipts say', async () => {
  const volumes = await build('store', 'STANDARD');
  freezer.others = 'STANDARD';
  freezer.classes.set(volumes[1]!, 'DEEP');
  const error = await pending(restoreBy('standard'));
  expect(error.message).toContain('1 object ');
  expect(requested()).toEqual([volumes[1]]);
  freezer.pass(12);
  expect(await restoreBy('standard')).toMatchObject({ failed: 0 });
  expectFiles();
});

test('a target that says readable and does not let it be read ends as a failure, not in a circle', async () => {
  await build();
  const target = glacier();
  target.coldStorage.state = async () => ({ is: 'readable' });
  const error = await setting.incomplete({ targets: [target], thaw: { days: 7, now: () => freezer.now, choose: async () => 'bulk', pause: null } });
  expect(error.result.failed).toBe(3);
  expect(error.message).toContain('is in cold storage');
});

test('the dry run says what it takes, and asks for nothing', async () => {
  await build();
  const summary = await restoreBy('bulk', { dryRun: true });
  expect(summary.cold).toMatchObject([{ target: 'store', objects: 3, tiers: [{ tier: 'bulk', most: 48 * hour, cost: null }, { tier: 'standard' }], prices: null }]);
  expect(freezer.requests).toEqual([]);
  expect(offers).toEqual([]);
});

test('the offer has prices where the target knows them: thaw, copies and what comes over the line', async () => {
  await build();
  const target = glacier();
  const gigabyte = 2 ** 30;
  target.prices = {
    standardClass: 'STANDARD',
    volumeClass: 'DEEP',
    list: {
      currency: 'EUR', 'as-of': '2026-11', region: 'here', source: 'a test', download: 3 * gigabyte,
      classes: { STANDARD: { storage: 30 * gigabyte }, DEEP: { thaw: { bulk: { gigabyte: 2 * gigabyte, thousand: 5000 } } } },
    },
  };
  await pending(restoreBy('bulk', { targets: [target], patterns: ['a.bin'] }));
  const [offer] = offers;
  // For each byte 2 and 7 days of a thirtieth of 30, for each object 5, for each byte that is fetched 3: all but the seek table at the end.
  const seekTable = offer!.bytes - target.reads.filter(([name]) => name.startsWith('volumes/')).reduce((sum, [, , length]) => sum + length, 0);
  expect(seekTable).toBe(offer!.bytes);
  expect(offer!.prices).toEqual({ currency: 'EUR', asOf: '2026-11', region: 'here' });
  const [bulk, standard] = offer!.tiers;
  expect(bulk!.cost).toBeGreaterThan(offer!.bytes * (2 + 7) + 5);
  expect(bulk!.cost).toBeLessThanOrEqual(offer!.bytes * (2 + 7 + 3) + 5 + 1e-6);
  expect(standard, 'a tier whose price is not known').toMatchObject({ tier: 'standard', cost: null });
});

describe('with another target', () => {
  test.each([['before it', ['store', 'disk']], ['after it', ['disk', 'store']]])('named %s that can be read now: it gives everything, and nothing is thawed', async (_where, order) => {
    await build();
    await build('disk', 'whatever');
    const targets = order.map((name) => (name === 'store' ? glacier() : setting.target('disk')));
    expect(await restoreBy('bulk', { targets })).toMatchObject({ files: 3, failed: 0 });
    expect(freezer.requests).toEqual([]);
    expect(offers).toEqual([]);
    expectFiles();
  });

  test('only what the other one does not have is thawed', async () => {
    const volumes = await build();
    await build('disk', 'whatever');
    fs.rmSync(join(setting.folder, 'disk', volumes[2]!));
    const targets = [setting.target('disk'), glacier()];
    expect((await pending(restoreBy('standard', { targets }))).message).toContain('1 object ');
    expect(requested()).toEqual([volumes[2]]);
    freezer.pass(12);
    expect(await restoreBy('standard', { targets: [setting.target('disk'), glacier()] })).toMatchObject({ failed: 0 });
    expectFiles();
  });

  test('of two cold ones, one is thawed, and a thaw that was begun goes on', async () => {
    const volumes = await build();
    await build('other');
    const freezers = [freezer, new Freezer()];
    freezers[1]!.others = 'DEEP';
    const targets = (): ColdFolder[] => [glacier(), new ColdFolder('other', join(setting.folder, 'other'), freezers[1]!)];
    await pending(restoreBy('standard', { targets: targets().reverse() }));
    expect([freezers[0]!.requests.length, freezers[1]!.requests.length]).toEqual([0, 3]);
    await pending(restoreBy('standard', { targets: targets() }));
    expect([freezers[0]!.requests.length, freezers[1]!.requests.length]).toEqual([0, 3]);
    freezers[1]!.pass(12);
    expect(await restoreBy('standard', { targets: targets() })).toMatchObject({ files: 3, failed: 0 });
    expect(volumes).toHaveLength(3);
    expectFiles();
  });
});

describe('a restore that waits', () => {
  test('looks seldom, and goes on once everything is there', async () => {
    const volumes = await build();
    let looks = 0;
    const pause = async (milliseconds: number): Promise<void> => {
      expect(milliseconds).toBe(hour / 4);
      looks++;
      freezer.pass(1 / 4);
    };
    expect(await restoreBy('standard', {}, pause)).toMatchObject({ files: 3, failed: 0 });
    expect(looks).toBe(48);
    // Before, and after: all three. Between: the first one until it is ready.
    expect(freezer.asked.length).toBeLessThanOrEqual(3 + 47 + 3 + 3);
    expect(requested()).toEqual(volumes);
    expect(setting.events.filter(({ type }) => type === 'thaw-waiting')).toHaveLength(48);
    expectFiles();
  });

  test('asks again for what expired meanwhile, by the same tier, without a question', async () => {
    const volumes = await build();
    freezer.thaw(volumes[0]!, 'standard', 1);
    freezer.pass(12);
    freezer.requests.length = 0;
    await restoreBy('bulk', {}, async () => freezer.pass(25));
    expect(freezer.requests.map(({ name, tier }) => [name, tier])).toEqual([[volumes[1], 'bulk'], [volumes[2], 'bulk'], [volumes[0], 'bulk']]);
    expect(offers).toHaveLength(1);
    const types = setting.events.map(({ type }) => type);
    expect(types.lastIndexOf('thaw-requested'), 'before anything is read').toBeLessThan(types.indexOf('restore-progress'));
    expectFiles();
  });

  test('restores the rest when an object vanishes meanwhile', async () => {
    const [first, second] = await build();
    const target = glacier();
    const { state } = target.coldStorage;
    let isGone = false;
    target.coldStorage.state = async (name, signal) => {
      if (isGone && name === first) throw new BatError('OBJECT_MISSING', `there is no ${name}`);
      return state(name, signal);
    };
    const pause = async (): Promise<void> => {
      isGone = true;
      fs.rmSync(join(setting.folder, 'store', first!));
      freezer.pass(12);
    };
    await expect(restoreBy('standard', { targets: [target] }, pause)).rejects.toMatchObject({ code: 'RESTORE_INCOMPLETE', result: { files: 2, failed: 1 } });
    expect(target.reads.map(([name]) => name)).toContain(second);
  });

  test('goes on where it was when a copy expires while it is read, and reads nothing twice', async () => {
    const volumes = await build();
    const target = glacier();
    let expired = false;
    target.onRead = (name) => {
      if (name !== volumes[0] || expired) return;
      expired = true;
      freezer.pass(24 * 7);
    };
    const pause = async (): Promise<void> => freezer.pass(12);
    expect(await restoreBy('standard', { targets: [target] }, pause)).toMatchObject({ files: 3, failed: 0 });
    expect(freezer.requests.map(({ name }) => name)).toEqual([...volumes, ...volumes.slice(1)]);
    expect(target.reads.filter(([name]) => name === volumes[0])).toHaveLength(1);
    expectFiles();
  });
});
