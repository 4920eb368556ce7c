/**
 * The way of a restore through cold storage. What is cold on one target is first looked for on the others. What no target can
 * give at once is offered to the person with times and prices, then asked for, once; then the restore ends with
 * THAW_PENDING, or waits. It is the targets that know what was asked for, so that the next call may come from anywhere.
 */
import type { RestoreList } from '../../catalog/restore-list.ts';
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { formatBytes, formatCount, formatHours, formatMoment } from '../../core/units.ts';
import type { ColdStorage, ThawTier } from '../../targets/cold-storage.ts';
import { ThawPending, type ThawOffer, type ThawPolicy } from './contract.ts';
import type { Store } from './load.ts';
import { lookForCold } from './look-for-cold.ts';
import type { Report } from './report.ts';
import { makeOffer } from './thaw-offer.ts';

export interface ThawingParts {
  list: RestoreList;
  report: Report;
  policy: ThawPolicy;
  dryRun: boolean;
  emit: Emit;
  signal: AbortSignal;
  /** Gives to a store, in the list, what the stores before it could not give. */
  findMissing(this: void, store: Store): Promise<void>;
}

/** How often a thaw is looked at that takes hours, and one that takes minutes. */
const seldom = 15 * 60_000;
const often = 60_000;

export class Thawing {
  readonly #parts: ThawingParts;
  readonly #tiers = new Map<Store, ThawTier>();

  constructor(parts: ThawingParts) {
    this.#parts = parts;
  }

  /**
   * Afterwards all that is wanted can be read, as far as the targets say; the answer is the stores in the order to read them
   * in, and whether that took a thaw. A dry run only notes what it found. Throws ThawPending, and USAGE for a tier that does not exist.
   * `stores`: in the order of preference; those that are left out have been tried, and give nothing of it.
   */
  async settle(stores: readonly Store[]): Promise<{ order: readonly Store[]; waited: boolean }> {
    const { report, policy, dryRun, list } = this.#parts;
    const seenCold = new Set<Store>();
    for (let waited = false; ; waited = true) {
      const cold = await this.#find(stores, seenCold);
      const order = [...stores.filter((store) => !seenCold.has(store)), ...seenCold];
      if (dryRun) report.summary.cold = cold.map((store) => this.#offer(store));
      if (cold.length === 0 || dryRun) return { order, waited };
      const pending: Pending[] = [];
      for (const store of cold) pending.push(await this.#request(store));
      if (!policy.pause) throw pendingError(pending, report.summary.files > 0);
      await this.#wait(pending, policy.pause);
      list.volumes.forgetThaws();
    }
  }

  /** The stores that hold something wanted which can be read nowhere. */
  async #find(stores: readonly Store[], seenCold: Set<Store>): Promise<Store[]> {
    const { list, report, signal, findMissing } = this.#parts;
    const cold: Store[] = [];
    for (const store of stores) {
      await findMissing(store);
      if (!(await lookForCold(list, store, report, signal))) continue;
      cold.push(store);
      seenCold.add(store);
      if (stores.every((other) => other === store || other.isGone)) continue;
      for (const state of ['cold', 'thawing'] as const) {
        for (const { id, name } of list.volumes.inState(store.number, state)) list.chunks.putOff(id, `${name} is in cold storage on ${store.target.id}`);
      }
    }
    for (const store of this.#begunFirst(cold)) {
      await findMissing(store);
      await lookForCold(list, store, report, signal);
    }
    return cold.filter((store) => list.volumes.unreadable(store.number).length > 0);
  }

  /** Where a thaw was asked for before, it goes on. */
  #begunFirst(stores: readonly Store[]): Store[] {
    const { list } = this.#parts;
    const begun = new Map(stores.map((store) => [store, list.volumes.isThawing(store.number) ? 0 : 1]));
    return [...stores].sort((a, b) => begun.get(a)! - begun.get(b)!);
  }

  #offer(store: Store): ThawOffer {
    return makeOffer(this.#parts.list, store, this.#parts.policy.days);
  }

  async #request(store: Store): Promise<Pending> {
    const { list, policy, emit, signal } = this.#parts;
    const { target } = store;
    const coldStorage = target.coldStorage!;
    const offer = this.#offer(store);
    let tier = this.#tiers.get(store);
    if (offer.objects > 0) {
      tier ??= await policy.choose(offer);
      const chosen = offer.tiers.find((offered) => offered.tier === tier);
      if (!chosen) throw notOffered(tier, offer);
      this.#tiers.set(store, tier);
      await inParallel(list.volumes.inState(store.number, 'cold'), target.capabilities.parallel, async ({ id, name, storageClass }) => {
        await coldStorage.thaw(name, { tier: chosen.tier, days: policy.days, storageClass: storageClass ?? '', signal });
        list.volumes.setThaw(id, 'thawing');
      });
      const until = new Date(policy.now().getTime() + chosen.most).toISOString();
      emit({ type: 'thaw-requested', target: target.id, tier, days: policy.days, objects: offer.objects, bytes: offer.bytes, until });
    }
    return { store, tier: offer.thawing > 0 ? null : (tier ?? null), ...this.#rest(store, coldStorage, offer, tier) };
  }

  /** What is on its way, and until when: what was asked for by somebody else may have been so by the slowest tier, and just now. */
  #rest(store: Store, coldStorage: ColdStorage, { thawing }: ThawOffer, tier: ThawTier | undefined): Omit<Pending, 'store' | 'tier'> {
    const { list, policy } = this.#parts;
    const rows = list.volumes.unreadable(store.number);
    const times = rows.flatMap(({ storageClass }) => coldStorage.tiers(storageClass).filter((time) => thawing > 0 || time.tier === tier));
    const longest = Math.max(0, ...times.map(({ most }) => most));
    const sum = (field: 'objects' | 'bytes'): number => rows.reduce((total, row) => total + row[field], 0);
    return { objects: sum('objects'), bytes: sum('bytes'), longest, until: new Date(policy.now().getTime() + longest) };
  }

  /** Until none of them is thawing any more. Objects are looked at in their order, and those behind the first that is not ready are not. */
  async #wait(pending: readonly Pending[], pause: NonNullable<ThawPolicy['pause']>): Promise<void> {
    const { list, emit, signal } = this.#parts;
    const interval = Math.min(...pending.map(({ longest }) => (longest > 4 * seldom ? seldom : often)));
    let waiting = pending.map(({ store }) => store);
    while (waiting.length > 0) {
      for (const store of waiting) {
        const rows = list.volumes.unreadable(store.number);
        const sum = (field: 'objects' | 'bytes'): number => rows.reduce((total, row) => total + row[field], 0);
        emit({ type: 'thaw-waiting', target: store.target.id, objects: sum('objects'), bytes: sum('bytes'), wait: interval });
      }
      await pause(interval);
      signal.throwIfAborted();
      const still: Store[] = [];
      for (const store of waiting) if (!(await this.#isReady(store))) still.push(store);
      waiting = still;
    }
  }

  async #isReady(store: Store): Promise<boolean> {
    const { list, emit, signal } = this.#parts;
    try {
      for (const { id, name } of list.volumes.inState(store.number, 'thawing')) {
        const is = await stateOf(store, name, signal);
        if (is === 'thawing') return false;
        list.volumes.setThaw(id, is);
      }
      return true;
    } catch (error) {
      signal.throwIfAborted();
      // In two days of waiting a line may well be away for a while.
      if (!(error instanceof BatError) || !error.transient) throw error;
      emit({ type: 'issue', target: store.target.id, issue: { kind: 'note', message: error.message } });
      return false;
    }
  }
}

/** What is gone meanwhile need not be waited for: that is told when it is read, and all else is restored. */
async function stateOf({ target }: Store, name: string, signal: AbortSignal): Promise<'readable' | 'thawing' | 'cold'> {
  try {
    return (await target.coldStorage!.state(name, signal)).is;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BatError && error.code === 'OBJECT_MISSING') return 'readable';
    throw error;
  }
}

interface Pending {
  store: Store;
  /** Null if it is not known. */
  tier: ThawTier | null;
  objects: number;
  bytes: number;
  /** Milliseconds until all of it is readable, at most. */
  longest: number;
  until: Date;
}

function pendingError(pending: readonly Pending[], hasWritten: boolean): ThawPending {
  const sentences = pending.map(({ store, tier, objects, bytes, longest }) => {
    const how = tier === null ? '' : ` (${tier}, within ${formatHours(longest)})`;
    return `${formatCount(objects, 'object')} (${formatBytes(bytes)}) on the target "${store.target.id}" ${objects === 1 ? 'is' : 'are'} being thawed${how}.`;
  });
  const until = new Date(Math.max(...pending.map((each) => each.until.getTime())));
  const when = pending.some(({ tier }) => tier === null) ? `By ${formatMoment(until)} all of it is ready. Call again then, or before` : `Call again after ${formatMoment(until)}`;
  const written = hasWritten ? ' With --overwrite if-changed it leaves alone what it has restored by now.' : '';
  return new ThawPending(sentences.join(' '), until, `${when}: the same command goes on from there. With --wait it waits by itself.${written}`);
}

function notOffered(tier: ThawTier, { target, storageClasses, tiers }: ThawOffer): BatError {
  const names = tiers.map((offered) => `${offered.tier} (${formatHours(offered.most)})`);
  return new BatError('USAGE', `The target "${target}" does not thaw ${storageClasses.join(' and ')} by the tier ${tier}.`, {
    hint: names.length === 0 ? 'These classes have no tier in common: restore some of the paths at a time.' : `Take --tier ${names.join(' or --tier ')}.`,
    subject: target,
  });
}
