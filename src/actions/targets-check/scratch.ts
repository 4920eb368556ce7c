/** A place of its own on a target, beside that of the plan, which is gone without a trace when it is over. */
import { randomBytes } from 'node:crypto';
import { BatError } from '../../core/errors.ts';
import { findStore } from '../../runner/mark-targets.ts';
import type { Bench, Scale } from '../../targets/conformance/case.ts';
import type { Target } from '../../targets/target.ts';
import { Ledger, WatchedTarget } from './watched.ts';

export interface ScratchOptions {
  /** The name of the plan. */
  plan: string;
  /** The store that the catalog knows the target as: then it must be there, and be that one. */
  store: string | null;
  signal: AbortSignal;
}

/** Makes the place and connects to it. `make` gives the target over the place of a plan of this name. Throws what it fails with, and leaves nothing then. */
export async function openScratch(make: (plan: string) => Target, { plan, store, signal }: ScratchOptions): Promise<Scratch> {
  if (store !== null) await checkStore(make(plan), store, signal);
  const place = scratchName();
  const scratch = new Scratch(() => make(place), signal);
  try {
    await scratch.target.connect({ create: true, signal });
  } catch (error) {
    await scratch.unmake();
    await scratch.close();
    throw error;
  }
  return scratch;
}

/** Before anything is made: a folder in the place of a disk would hide what lies on it. */
async function checkStore(target: Target, store: string, signal: AbortSignal): Promise<void> {
  try {
    await findStore(target, store, signal);
  } finally {
    await target.close();
  }
}

/** A name that no plan can have. */
function scratchName(): string {
  return `.bat-check-${randomBytes(4).toString('hex')}`;
}

export class Scratch {
  readonly ledger = new Ledger();
  /** Not watched: it is used once the person's signal is aborted, too. */
  readonly target: Target;
  readonly #make: () => Target;
  readonly #others: Target[] = [];
  readonly #signal: AbortSignal;

  /** `make` gives an instance over the place, with retries. */
  constructor(make: () => Target, signal: AbortSignal) {
    this.#make = make;
    this.#signal = signal;
    this.target = make();
  }

  /** The target, with all that is done to it noted. */
  watched(): Target {
    return new WatchedTarget(this.target, this.ledger, this.#signal);
  }

  bench(scale: Scale): Bench {
    const { capabilities } = this.target;
    const target = this.watched();
    return {
      target,
      scale,
      signal: this.#signal,
      listsLate: capabilities.listsLate ?? false,
      forgetsUploads: capabilities.forgetsUploads ?? false,
      again: async () => {
        const other = this.#make();
        this.#others.push(other);
        return new WatchedTarget(other, this.ledger, this.#signal);
      },
      everything: () => this.#everything(target),
    };
  }

  /** Removes what the last case stored, as far as that can be done. What is left is tried again at the end. */
  async clean(): Promise<void> {
    for (const upload of this.ledger.uploads) await upload.abort();
    const { capabilities } = this.target;
    const names = this.ledger.names.values();
    const remove = async (): Promise<void> => {
      for (const name of names) {
        this.ledger.calls++;
        if (await succeeds(() => this.target.remove(name))) this.ledger.names.delete(name);
      }
    };
    await Promise.all(Array.from({ length: capabilities.parallel }, remove));
  }

  /** Removes everything, looks whether it is gone, and lets go of the target. Returns what is still there, or may be. */
  async leave(): Promise<string[]> {
    const { ledger, target } = this;
    await this.clean();
    const left = new Set<string>();
    // What could not be removed was perhaps never stored.
    for (const name of ledger.names) if (!(await this.#isGone(name))) left.add(name);
    const isListed = await succeeds(async () => {
      // A listing that is late may show what is gone.
      for await (const { name } of target.list('')) if (!(await succeeds(() => target.remove(name))) || !(await this.#isGone(name))) left.add(name);
    });
    if (!isListed) left.add('perhaps more: it cannot be listed');
    if (ledger.hasUploads && !(await succeeds(async () => void (await target.sweep())))) left.add('perhaps unfinished uploads');
    if (!(await this.unmake())) left.add('the empty place itself');
    await this.close();
    return [...left].sort();
  }

  /** False also where that cannot be told. */
  async #isGone(name: string): Promise<boolean> {
    let found = true;
    await succeeds(async () => void (found = (await this.target.stat(name)) !== null));
    return !found;
  }

  /** False if what was made for the place could not be removed. */
  unmake(): Promise<boolean> {
    return succeeds(async () => this.target.unmake?.());
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.target, ...this.#others].map((target) => target.close()));
  }

  /** Where listings are late, each object that may be there is asked for. */
  async #everything(target: Target): Promise<string[]> {
    const names: string[] = [];
    if (target.capabilities.listsLate) {
      for (const name of this.ledger.names) if (await target.stat(name)) names.push(name);
    } else {
      for await (const { name } of target.list('')) names.push(name);
    }
    return names.sort();
  }
}

/** False if a target refuses; whatever else is thrown is a bug. */
async function succeeds(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof BatError)) throw error;
    return false;
  }
}
