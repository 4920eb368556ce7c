/** What is the same in all restores of a drill. */
import type { Target } from '../../targets/target.ts';
import { BatError } from '../../core/errors.ts';
import type { RestoreOptions, ThawPolicy } from '../restore.ts';
import type { TrustingOptions } from './contract.ts';

/** Nothing cold is asked for by a drill that leaves it out; should it be met all the same, the restore ends. */
const noThaw: ThawPolicy = {
  days: 1,
  choose: ({ target }) => Promise.reject(new BatError('OBJECT_COLD', `What is wanted of "${target}" is in cold storage.`, { hint: 'Name how it is to be thawed with --tier.' })),
  pause: null,
  now: () => new Date(),
};

export function restoreAround({ plan, keys, thaw, trust, emit, signal }: TrustingOptions, target: Target): Omit<RestoreOptions, 'snapshot' | 'patterns' | 'destination' | 'dryRun'> {
  return { plan: plan.name, targets: [target], sources: [], overwrite: 'always', keys, thaw: thaw ?? noThaw, trust, emit, signal };
}
