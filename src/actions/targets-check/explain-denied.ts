/** Whether a target that may not be written to can at least be read. */
import { BatError } from '../../core/errors.ts';
import type { Target } from '../../targets/target.ts';
import { closeTargets } from '../plan-targets.ts';

/** What is allowed for the plan's own place alone is no place for a check. */
const besideHint = 'If it may write only where the plan stores, allow it the names .bat-check-* beside that for the check.';

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
  return new BatError('TARGET_DENIED', `This key or user can read but not write. ${error.message}`, { hint: error.hint === undefined ? besideHint : `${error.hint} ${besideHint}`, cause: error });
}
