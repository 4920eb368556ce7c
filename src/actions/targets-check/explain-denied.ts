/** Whether a target that may not be written to can at least be read. */
import { BatError } from '../../core/errors.ts';
import type { Target } from '../../targets/target.ts';
import { closeTargets } from '../plan-targets.ts';

/** A TARGET_DENIED that says so if reading works; anything else as it is. `make` gives the target of the plan itself: it is read, and nothing is changed there. */
export async function explainDenied(error: unknown, make: () => Target, signal: AbortSignal): Promise<unknown> {
  if (!(error instanceof BatError) || error.code !== 'TARGET_DENIED' || signal.aborted) return error;
  const target = make();
  try {
    await target.connect({ create: false, signal });
    for await (const _ of target.list('', signal)) break;
  } catch (problem) {
    if (!(problem instanceof BatError) || problem.code !== 'NOTHING_STORED') return error;
  } finally {
    await closeTargets([target]);
  }
  return new BatError('TARGET_DENIED', `This key or user can read but not write. ${error.message}`, { ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error });
}
