/** A folder whose objects lie in cold storage, as the stores of clouds have it, by a clock of its own. */
import { BatError } from '../../src/core/errors.ts';
import type { ColdStorage, ThawTier, TierTime } from '../../src/targets/cold-storage.ts';
import type { Prices } from '../../src/targets/prices.ts';
import { FolderTarget } from './store-builder.ts';

export const hour = 3_600_000;

const tiers: Record<string, TierTime[]> = {
  DEEP: [
    { tier: 'bulk', least: 12 * hour, most: 48 * hour },
    { tier: 'standard', least: 9 * hour, most: 12 * hour },
  ],
  COOL: [
    { tier: 'bulk', least: 5 * hour, most: 12 * hour },
    { tier: 'expedited', least: 60_000, most: 300_000 },
  ],
};

/** What the store itself knows. It outlives the targets that look at it. */
export class Freezer {
  now = new Date('2026-11-20T08:00:00Z');
  /** By name; the rest is of the class `others`. */
  readonly classes = new Map<string, string>();
  others: string | null = null;
  readonly requests: { name: string; tier: ThawTier; days: number }[] = [];
  /** Each question after the state of an object. */
  readonly asked: string[] = [];
  readonly #copies = new Map<string, { ready: number; gone: number }>();

  pass(hours: number): void {
    this.now = new Date(this.now.getTime() + hours * hour);
  }

  classOf(name: string): string | null {
    return name.startsWith('manifests/') ? null : (this.classes.get(name) ?? this.others);
  }

  stateOf(name: string): 'readable' | 'thawing' | 'cold' {
    if (!tiers[this.classOf(name) ?? '']) return 'readable';
    const copy = this.#copies.get(name);
    const now = this.now.getTime();
    if (!copy || now >= copy.gone) return 'cold';
    return now < copy.ready ? 'thawing' : 'readable';
  }

  thaw(name: string, tier: ThawTier, days: number): void {
    this.requests.push({ name, tier, days });
    const time = tiers[this.classOf(name)!]!.find((offered) => offered.tier === tier);
    if (!time) throw new Error(`${name} has no tier ${tier}`);
    const ready = this.now.getTime() + time.most;
    this.#copies.set(name, { ready, gone: ready + days * 24 * hour });
  }
}

export class ColdFolder extends FolderTarget {
  readonly freezer: Freezer;
  prices: Prices | undefined;

  constructor(id: string, folder: string, freezer: Freezer) {
    super(id, folder);
    this.freezer = freezer;
  }

  readonly coldStorage: ColdStorage = {
    isCold: (storageClass) => storageClass in tiers,
    tiers: (storageClass) => tiers[storageClass] ?? [],
    state: async (name) => {
      this.freezer.asked.push(name);
      const is = this.freezer.stateOf(name);
      return is === 'readable' ? { is } : { is, storageClass: this.freezer.classOf(name)! };
    },
    thaw: async (name, { tier, days }) => this.freezer.thaw(name, tier, days),
  };

  override async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    if (this.freezer.stateOf(name) !== 'readable') throw new BatError('OBJECT_COLD', `${name} is in cold storage`, { subject: name });
    return super.read(name, offset, length);
  }
}
