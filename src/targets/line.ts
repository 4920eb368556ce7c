/**
 * The line to one target, as all calls to it share it. A call that fails in a way that may pass is tried again as the policy
 * says. While the target does not answer, one call tries and the others wait for what becomes of it: nothing is hammered, and
 * one line is said and not one for each part that is on its way.
 */
import { Budget } from '../core/budget.ts';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { LimitedPace } from '../core/pace.ts';
import { hurried, nextTry, type NextTry, type RetryPolicy } from '../core/retry.ts';
import { wait } from '../core/wait.ts';

export interface LineOptions {
  /** The target's id. */
  id: string;
  policy: RetryPolicy;
  emit: Emit;
  /** Transfers wait for its hours. */
  pace?: LimitedPace | undefined;
  /** Calls at a time, at the most. */
  parallel?: number | undefined;
}

/** The target does not answer. */
interface Away {
  /** When its calls began to fail. */
  since: number;
  /** It is not called before this. */
  until: number;
  /** The call that tries; null if that one was broken off, and the next one takes its place. */
  trier: object | null;
  /** The others: woken when it answers, failed when the trier gives up. */
  readonly held: Set<{ wake(): void; fail(error: unknown): void }>;
}

/** So many failures one after the other, of whatever calls, are taken for a target that is away. */
const manyFailures = 3;
/** What was said is said again after this many milliseconds, if it is still so. */
const sayAgain = 600_000;

export class Line {
  readonly #options: LineOptions;
  readonly #slots: Budget | null;
  #away: Away | null = null;
  /** On the clock of `#now`. What failed before that is not held against the target. */
  #backAt = -Infinity;
  /** Since a call succeeded. */
  #failures = { count: 0, since: 0 };
  /** Calls that wait for their next try, each for itself. */
  #waiting = 0;
  #said = { reason: '', at: -Infinity };

  constructor(options: LineOptions) {
    this.#options = options;
    this.#slots = options.parallel === undefined ? null : new Budget(options.parallel);
  }

  /** `within`: for this call the policy's time is no longer than so many milliseconds. */
  async call<T>(work: () => Promise<T>, signal: AbortSignal | undefined, within = Infinity): Promise<T> {
    const policy = hurried(this.#options.policy, within);
    const call = {};
    let failedAt: number | null = null;
    let mayPass = false;
    try {
      for (let attempt = 1; ; attempt++) {
        await this.#turn(call, signal);
        try {
          const result = await this.#inSlot(work, signal);
          this.#succeeded(call);
          return result;
        } catch (error) {
          const now = this.#now();
          failedAt ??= now;
          mayPass = error instanceof BatError && error.transient;
          const next = nextTry(policy, { error, attempt, failingFor: now - Math.max(failedAt, this.#backAt) });
          signal?.throwIfAborted();
          await this.#failed(call, next, signal);
        }
      }
    } catch (error) {
      this.#leave(call, mayPass ? { error } : null, signal);
      throw error;
    }
  }

  /** A call that sends or takes bytes: each try waits for the hours of the pace. */
  transfer<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { pace } = this.#options;
    if (!pace) return this.call(work, signal);
    return this.call(async () => {
      await pace.opened(signal);
      return work();
    }, signal);
  }

  /** The time in which the target could have answered: waiting for its hours does not count. */
  #now(): number {
    return performance.now() - (this.#options.pace?.closedFor ?? 0);
  }

  /** Waits until this call may be made. */
  async #turn(call: object, signal: AbortSignal | undefined): Promise<void> {
    for (let away = this.#away; away; away = this.#away) {
      away.trier ??= call;
      if (away.trier !== call) await hold(away, signal);
      else if (performance.now() >= away.until) return;
      else await wait(away.until - performance.now(), signal);
    }
    signal?.throwIfAborted();
  }

  async #inSlot<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (!this.#slots) return work();
    await this.#slots.take(1);
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      this.#slots.give(1);
    }
  }

  #succeeded(call: object): void {
    const away = this.#away;
    if (!away) this.#failures.count = 0;
    if (away?.trier !== call) return;
    this.#backAt = this.#now();
    this.#end(away, null);
    this.#sayBack(away);
  }

  /** One failure among others that succeed is the call's own affair. Else the target is away, for all of them. */
  async #failed(call: object, next: NextTry, signal: AbortSignal | undefined): Promise<void> {
    const { error } = next;
    const now = performance.now();
    if (this.#failures.count++ === 0) this.#failures.since = now;
    const isAway = error.code === 'TARGET_UNREACHABLE' || error.retryAfter !== undefined || this.#failures.count >= manyFailures;
    if (this.#away || isAway) {
      const away = (this.#away ??= { since: this.#failures.since, until: 0, trier: call, held: new Set() });
      away.trier ??= call;
      if (away.trier === call) {
        away.until = now + next.wait;
        this.#say(next, true);
      } else if (error.retryAfter !== undefined) {
        away.until = Math.max(away.until, now + error.retryAfter);
      }
      return;
    }
    if (this.#waiting === 0) this.#say(next, false);
    this.#waiting++;
    try {
      await wait(next.wait, signal);
    } finally {
      this.#waiting--;
    }
  }

  /**
   * The call is over without a success. If it was the one that tried, the others fail as it did where it has given up, and go on
   * where it was answered with a refusal that is its own; if it was broken off, another one tries.
   */
  #leave(call: object, gaveUp: { error: unknown } | null, signal: AbortSignal | undefined): void {
    const away = this.#away;
    if (away?.trier !== call) return;
    away.trier = null;
    if (signal?.aborted && away.held.size > 0) {
      for (const other of away.held) other.wake();
      return;
    }
    this.#end(away, gaveUp);
    if (!gaveUp && !signal?.aborted) this.#sayBack(away);
  }

  #end(away: Away, gaveUp: { error: unknown } | null): void {
    this.#away = null;
    this.#failures.count = 0;
    this.#said.at = -Infinity;
    for (const other of away.held) {
      if (gaveUp) other.fail(gaveUp.error);
      else other.wake();
    }
  }

  #sayBack({ since }: Away): void {
    this.#options.emit({ type: 'target-back', target: this.#options.id, after: Math.round(performance.now() - since) });
  }

  #say({ error, ...next }: NextTry, isAway: boolean): void {
    const { id, emit } = this.#options;
    const reason = reasonOf(error, id);
    const now = performance.now();
    const isRepeated = reason === this.#said.reason && now - this.#said.at < sayAgain;
    if (!isRepeated) this.#said = { reason, at: now };
    emit({ type: 'retry', target: id, message: error.message, reason, ...next, ...(isAway ? { away: true } : {}), ...(isRepeated ? { repeated: true } : {}) });
  }
}

/** `no answer (the connection was refused)`, or what failed, without the name of the target. */
function reasonOf(error: BatError, id: string): string {
  const sentence = error.message.replace(`Target "${id}" `, '').replace(/\.$/, '');
  if (error.code !== 'TARGET_UNREACHABLE') return sentence;
  let below: unknown = error.cause;
  while (below instanceof Error && systemCode(below) === undefined) below = below.cause;
  return `no answer (${systemCode(below) === undefined ? sentence.slice(sentence.lastIndexOf(': ') + 1).trim() : systemReason(below)})`;
}

function hold(away: Away, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const leave = (): void => {
      away.held.delete(other);
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      leave();
      reject(signal!.reason);
    };
    const other = {
      wake: () => {
        leave();
        resolve();
      },
      fail: (error: unknown) => {
        leave();
        reject(error);
      },
    };
    away.held.add(other);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
