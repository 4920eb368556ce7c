/** Where the objects of a plan are read: its targets, or the folder of a store, kept open for a while between two requests. */
import { closeTargets, createTargets } from '../../actions/plan-targets.ts';
import { BatError } from '../../core/errors.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Target } from '../../targets/target.ts';
import { OpenPlace } from './open-place.ts';
import { storeTarget } from './look-at-store.ts';

export interface Away {
  id: string;
  message: string;
}

/** A person waits, and other targets may have it: what a plan allows a run is too long. */
const patience = { attempts: 3, wait: 500, maxWait: 2000, within: 15_000 };

export class Places {
  readonly #open = new Map<string, Promise<OpenPlace>>();

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => void this.#closeAll(), { once: true });
  }

  /** Throws NOTHING_STORED, and what the folder does. */
  async ofStore(path: string, plan: string): Promise<OpenPlace> {
    return this.#take(`store ${plan}`, async () => storeTarget(path, plan));
  }

  /**
   * The target of that id, or the first that answers, and those that do not. `id`: of the plan as it is now. Throws USAGE for a target that the
   * plan does not have, and what the last one says if none answers.
   */
  async ofPlan({ plan, id }: { plan: Plan; id: string }, only: string | null): Promise<{ place: OpenPlace; away: Away[] }> {
    const away: Away[] = [];
    let failure: unknown = new BatError('USAGE', `The plan ${plan.name} has no target "${only}".`);
    for (const spec of plan.targets) {
      if (only !== null && spec.id !== only) continue;
      try {
        const place = await this.#take(`plan ${spec.id} ${id}`, async () => {
          const [target] = await createTargets({ plan, only: spec.id, environment: process.env, emit: () => {}, patience });
          return target!;
        });
        return { place, away };
      } catch (error) {
        if (!(error instanceof BatError)) throw error;
        failure = error;
        away.push({ id: spec.id, message: error.message });
      }
    }
    throw failure;
  }

  #take(key: string, make: () => Promise<Target>): Promise<OpenPlace> {
    const known = this.#open.get(key);
    if (known) return known;
    const forget = (): void => void this.#open.delete(key);
    const opening = this.#connect(make, forget);
    this.#open.set(key, opening);
    // One that does not answer is asked again by the next request.
    opening.catch(forget);
    return opening;
  }

  async #connect(make: () => Promise<Target>, forget: () => void): Promise<OpenPlace> {
    const target = await make();
    try {
      await target.connect({ create: false });
    } catch (error) {
      await closeTargets([target]);
      throw error;
    }
    return new OpenPlace(target, forget);
  }

  async #closeAll(): Promise<void> {
    for (const place of await Promise.allSettled(this.#open.values())) if (place.status === 'fulfilled') place.value.close();
  }
}
