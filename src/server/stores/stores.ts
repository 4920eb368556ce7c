/** The stores of the server: a folder for each plan, all of them with the same room. */
import { opendir } from 'node:fs/promises';
import { systemCode } from '../../core/errors.ts';
import { disk } from '../../targets/file/disk.ts';
import { listPlans } from '../../targets/file/plans.ts';
import { FileStore } from '../../targets/file/store.ts';
import type { User } from '../access/users.ts';
import { ServerError } from '../errors.ts';
import type { ServeSettings } from '../settings/settings.ts';
import { confirmPlanName, isScratch } from './names.ts';
import { PlanStore } from './plan-store.ts';
import { Room } from './room.ts';

/** Folders of plans: whoever makes more means harm. */
const mostPlans = 1000;
/** Of those for trying things out, which anybody who may add can make: they take no place from plans. */
const mostScratch = 100;

export class Stores {
  readonly #path: string | null;
  readonly #room: Room;
  readonly #plans = new Map<string, PlanStore>();

  constructor({ stores, limits }: Pick<ServeSettings, 'stores' | 'limits'>) {
    this.#path = stores?.path ?? null;
    this.#room = new Room({ path: this.#path ?? '/', quota: stores?.quota ?? null, keepFree: limits.keepFree });
  }

  /** Throws ServerError NAME_REFUSED, DENIED, NOT_FOUND where the server keeps no stores, FOLDER_AWAY. */
  async of(plan: string, user: User): Promise<PlanStore> {
    const path = this.#confirmKept();
    confirmPlanName(plan);
    if (!user.mayUseStore(plan) && !(isScratch(plan) && user.stores?.size !== 0)) {
      throw new ServerError('DENIED', `${user.name} may not use the store of ${plan}.`, { hint: 'The settings of the server say what each user may use.' });
    }
    const known = this.#plans.get(plan);
    if (known) return known;
    const store = new PlanStore(path, plan, this.#room);
    return (await store.isThere()) ? this.#remember(store) : store;
  }

  /** The plans that something is stored of, as far as the user may know of them. */
  async plansFor(user: User): Promise<string[]> {
    const plans = await listPlans(new FileStore('stores', this.#confirmKept(), '', disk), undefined).catch((cause: unknown) => {
      throw new ServerError('FOLDER_AWAY', 'The folder of the stores is not there.', { cause, hint: 'Is its disk mounted on the server?' });
    });
    return plans.filter((plan) => user.mayUseStore(plan)).sort();
  }

  /** How many are held in memory. */
  get size(): number {
    return this.#plans.size;
  }

  /** Throws ServerError QUOTA if there are too many already. */
  async make(store: PlanStore): Promise<void> {
    const most = isScratch(store.plan) ? mostScratch : mostPlans;
    if (!(await store.isThere()) && (await this.#count(isScratch(store.plan))) >= most) throw new ServerError('QUOTA', `There are ${most} plans here already.`, { hint: 'Move away, on the server, what is not needed.' });
    await store.make();
    this.#remember(store);
  }

  /** Nothing of it is remembered, once it is gone. */
  async unmake(store: PlanStore): Promise<void> {
    await store.unmake();
    if (!(await store.isThere())) this.#plans.delete(store.plan);
  }

  /** Only what is there: names can be made up without end. */
  #remember(store: PlanStore): PlanStore {
    const known = this.#plans.get(store.plan);
    if (!known) this.#plans.set(store.plan, store);
    return known ?? store;
  }

  async #count(scratch: boolean): Promise<number> {
    let count = 0;
    try {
      for await (const entry of await opendir(this.#confirmKept())) if (entry.isDirectory() && isScratch(entry.name) === scratch) count++;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    return count;
  }

  #confirmKept(): string {
    if (this.#path !== null) return this.#path;
    throw new ServerError('DENIED', 'This server keeps no stores for targets.', { hint: 'Its settings say where: `stores: /srv/backups`.' });
  }
}
