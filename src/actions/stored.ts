/** The targets of a plan that answer, and the snapshots that each of them holds. */
import { BatError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Target } from '../targets/target.ts';
import { listSnapshots, type StoredSnapshot } from './store.ts';
import type { Trust } from './store/trust.ts';

export interface Holder {
  target: Target;
  /** Oldest first. */
  stored: readonly StoredSnapshot[];
}

/** Asks all of them at once. Those that do not answer, or cannot be trusted, are said; throws what the first one said if none is left. */
export async function askTargets(targets: readonly Target[], emit: Emit, signal: AbortSignal, trust?: Trust): Promise<Holder[]> {
  const answers = await Promise.allSettled(
    targets.map(async (target): Promise<Holder> => {
      await target.connect({ create: false, signal });
      const stored = await listSnapshots(target, signal);
      return { target, stored: trust ? await trust.look(target, stored, signal) : stored };
    }),
  );
  signal.throwIfAborted();
  const holders: Holder[] = [];
  const failures: { target: Target; error: BatError }[] = [];
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'fulfilled') {
      holders.push(answer.value);
      continue;
    }
    const error: unknown = answer.reason;
    if (!(error instanceof BatError)) throw error;
    failures.push({ target: targets[index]!, error });
  }
  const known = failures.map(({ target, error }) => ({ target: target.id, first: error, error: error.code === 'NOTHING_STORED' && trust ? trust.explainAbsent(target, error) : error }));
  if (holders.length === 0 && known[0]) throw known[0].error ?? known[0].first;
  for (const { target, error } of known) {
    if (error) emit({ type: 'target-failed', target, code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
  return holders;
}

/** Every snapshot once, oldest first. */
export function mergeSnapshots(holders: readonly Holder[]): StoredSnapshot[] {
  const byId = new Map(holders.flatMap(({ stored }) => stored.map((snapshot) => [snapshot.id, snapshot])));
  return [...byId.values()].sort((a, b) => a.time.getTime() - b.time.getTime() || (a.id < b.id ? -1 : 1));
}
