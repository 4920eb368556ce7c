/** A target that is open for reading, until nobody has wanted anything of it for a while, or it fails. */
import { closeTargets } from '../../actions/plan-targets.ts';
import { BatError } from '../../core/errors.ts';
import type { ObjectStat, Target } from '../../targets/target.ts';

/** Milliseconds. */
const idleTime = 60_000;
const mostSizes = 1000;

export class OpenPlace {
  readonly target: Target;
  readonly #forget: () => void;
  /** Of volumes, which never change: of a large one each range is a request. */
  readonly #sizes = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #users = 0;
  #isClosing = false;

  /** `forget`: that there is such a place. */
  constructor(target: Target, forget: () => void) {
    this.target = target;
    this.#forget = forget;
    this.#timer = setTimeout(() => this.close(), idleTime).unref();
  }

  /** Null if there is no such object. */
  async sizeOf(name: string): Promise<number | null> {
    const known = this.#sizes.get(name);
    if (known !== undefined) return known;
    const stat = await this.use((target) => target.stat(name));
    if (stat && name.startsWith('volumes/')) {
      if (this.#sizes.size >= mostSizes) this.#sizes.clear();
      this.#sizes.set(name, stat.size);
    }
    return stat?.size ?? null;
  }

  list(prefix: string): Promise<ObjectStat[]> {
    return this.use((target) => Array.fromAsync(target.list(prefix)));
  }

  /** Throws what the target does. One that fails is opened anew by the next request. */
  async use<T>(work: (target: Target) => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work(this.target);
    } catch (error) {
      if (isGone(error)) this.close();
      throw error;
    } finally {
      this.#users--;
      this.#timer.refresh();
      this.#closeIfUnused();
    }
  }

  /** Once what is under way has ended. */
  close(): void {
    this.#forget();
    this.#isClosing = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (!this.#isClosing || this.#users > 0) return;
    clearTimeout(this.#timer);
    void closeTargets([this.target]);
  }
}

/** That of a whole target, and not of an object. */
export function isGone(error: unknown): boolean {
  return error instanceof BatError && (error.code.startsWith('TARGET_') || error.code === 'NOTHING_STORED');
}
