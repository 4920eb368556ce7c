/** What a dry run says of money, with a target that has prices and cold classes. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dryRun, type DryRunReport } from '../../src/actions/dry-run.ts';
import { run } from '../../src/actions/run.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { ColdStorage } from '../../src/targets/cold-storage.ts';
import { FileTarget, type FileOptions } from '../../src/targets/file.ts';
import { disk } from '../../src/targets/file/disk.ts';
import type { Prices } from '../../src/targets/prices.ts';
import type { PutOptions, Receipt, TargetType, Upload } from '../../src/targets/target.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';
import { hour } from './cold-folder.ts';

const gigabyte = 2 ** 30;
/** A unit for each byte, so that the sums can be told apart. */
const prices: Prices = {
  standardClass: 'STANDARD',
  volumeClass: 'DEEP',
  list: {
    currency: 'EUR', 'as-of': '2026-11', region: 'here', source: 'a test', download: 1 * gigabyte,
    classes: {
      STANDARD: { storage: 0, put: 1000 },
      DEEP: { storage: 10 * gigabyte, put: 100_000, 'minimum-days': 180, thaw: { bulk: { gigabyte: 2 * gigabyte }, standard: { gigabyte: 4 * gigabyte, thousand: 1000 } } },
    },
  },
};

class ColdFile extends FileTarget {
  readonly prices = prices;
  readonly coldStorage: ColdStorage = {
    isCold: (storageClass) => storageClass === 'DEEP',
    tiers: () => [{ tier: 'bulk', least: hour, most: 48 * hour }, { tier: 'standard', least: hour, most: 12 * hour }],
    state: async () => ({ is: 'readable' }),
    thaw: async () => {},
  };

  override async put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
    return this.#classed(await super.put(name, bytes, options), options);
  }

  override async open(...[name, options]: Parameters<FileTarget['open']>): Promise<Upload> {
    const upload = await super.open(name, options);
    const finish = upload.finish.bind(upload);
    upload.finish = async (size) => this.#classed(await finish(size), options);
    return upload;
  }

  #classed(receipt: Receipt, { temperature }: PutOptions): Receipt {
    return temperature === 'cold' ? { ...receipt, storageClass: 'DEEP' } : receipt;
  }
}

let backup: SmallBackup;
let plan: Plan;
beforeEach(async () => {
  backup = await smallBackup();
  const [one, two] = backup.plan.targets;
  const type: TargetType<FileOptions> = { ...(one!.type as unknown as TargetType<FileOptions>), create: (id, options, context) => new ColdFile(id, options, context, disk) };
  plan = { ...backup.plan, targets: [one!, { ...two!, type: type as unknown as TargetType<unknown> }] };
});
afterEach(() => backup.remove());

const signal = new AbortController().signal;
const rehearse = (): Promise<DryRunReport> => dryRun({ plan, sources: [], signal });

test('before the first run: what is new, as if nothing could be compressed; targets without prices say nothing', async () => {
  const { targets } = await rehearse();
  expect(targets[0]).not.toHaveProperty('costs');
  const bytes = targets[1]!.sends;
  expect(bytes).toBe('firstsecondthirdfourthla la la'.length);
  expect(targets[1]!.costs).toEqual({
    currency: 'EUR', asOf: '2026-11', region: 'here', source: 'a test', storedMonthly: 0, addedMonthly: 10 * bytes,
    // Two volumes: each one upload of its class, its beginning and a short part; and a part for the bytes themselves.
    uploads: 2 * 100 + 5, minimumDays: 180,
    restores: [{ tier: 'bulk', least: hour, most: 48 * hour, cost: (2 + 1) * bytes }, { tier: 'standard', least: hour, most: 12 * hour, cost: (4 + 1) * bytes + 2 }],
  });
});

test('after it: what is there, by the receipts, and nothing new', async () => {
  await run({ plan, sources: [], newTargets: [], allowEmpty: false, emit: () => {}, signal, view: 'none' });
  const { targets } = await rehearse();
  const { stored, costs } = targets[1]!;
  expect(stored).toBeGreaterThan(0);
  expect(costs).toMatchObject({ storedMonthly: 10 * stored, addedMonthly: 0, uploads: 0 });
  expect(costs!.restores.map(({ cost }) => cost)).toEqual([(2 + 1) * stored, (4 + 1) * stored + 2]);
});

test('a target that is behind does not get from cold storage what it lacks: a run would read it from the sources again', async () => {
  await run({ plan, sources: [], newTargets: [], allowEmpty: false, emit: () => {}, signal, view: 'none' });
  const { rmSync } = await import('node:fs');
  const { join } = await import('node:path');
  rmSync(join(backup.folder, 'one/small/volumes'), { recursive: true });
  const events: string[] = [];
  const { exitCode } = await run({ plan, sources: [], newTargets: [], allowEmpty: false, emit: (event) => events.push(JSON.stringify(event)), signal, view: 'none' });
  expect(exitCode).toBe(0);
  expect(events.filter((text) => text.includes('copying'))).toEqual([]);
  const { targets } = await rehearse();
  expect(targets[0]!.copies.objects, 'nothing is lacking any more').toBe(0);
});
