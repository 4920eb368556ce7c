/** The one place where a target of a plan is made, with all that the plan says about how it is used. */
import type { Emit } from '../core/events.ts';
import { LimitedPace } from '../core/pace.ts';
import { hurried, retryPolicy, type RetryOptions, type RetryPolicy } from '../core/retry.ts';
import type { Plan, TargetSpec } from '../plan/plan.ts';
import type { Target } from '../targets/target.ts';
import { withRetry } from '../targets/with-retry.ts';

export interface MakeTargetOptions {
  emit: Emit;
  /** The id of the catalog, for what writes there. */
  writer?: string;
  /** Transfers wait for the hours of its limit; else they go at any time, since somebody waits for them. */
  keepsHours: boolean;
  /** What a call is tried for at the most, whatever the plan allows. */
  patience?: Partial<RetryPolicy>;
  /** Milliseconds, for `connect` alone. */
  connectWithin?: number;
}

/** The secrets of `spec` have been put in. The target is not connected yet. */
export function makeTarget(plan: Plan, spec: TargetSpec, { emit, writer, keepsHours, patience, connectWithin }: MakeTargetOptions): Target {
  const pace = paceOf(spec, keepsHours, emit);
  const target = spec.type.create(spec.id, spec.options, { folder: plan.folder, plan: plan.name, ...(writer === undefined ? {} : { writer }), ...(pace ? { pace } : {}) });
  return withRetry(target, capped(policyOf(plan, spec), patience), emit, { pace, parallel: spec.parallel, connectWithin });
}

/** The target's own `retry`, over that of the upload to it, over the plan's. */
function policyOf({ graph, retry }: Plan, spec: TargetSpec): RetryPolicy {
  const upload = graph.nodes.find((node) => node.type.gives === 'receipts' && [node.options['to']].flat().includes(spec.id));
  return retryPolicy(spec.retry, retryPolicy(upload?.options['retry'] as RetryOptions | undefined, retry));
}

function capped(policy: RetryPolicy, patience: Partial<RetryPolicy> = {}): RetryPolicy {
  const least = (key: 'attempts' | 'wait' | 'maxWait'): number => Math.min(policy[key], patience[key] ?? Infinity);
  return hurried({ ...policy, attempts: least('attempts'), wait: least('wait'), maxWait: least('maxWait') }, patience.within ?? Infinity);
}

function paceOf({ id, limits }: TargetSpec, keepsHours: boolean, emit: Emit): LimitedPace | undefined {
  if (!limits) return undefined;
  return new LimitedPace(keepsHours ? limits : { ...limits, hours: undefined }, {
    onClosed: (until) => emit({ type: 'target-waits', target: id, until: until.toISOString() }),
    onOpened: (after) => emit({ type: 'target-back', target: id, after: Math.round(after) }),
  });
}
