/** A place that holds the backups of plans, on a machine that has none of them. */
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { defaultRetry, hurried } from '../../core/retry.ts';
import { registries } from '../../plan/registries.ts';
import { nearest } from '../../plan/words.ts';
import type { Target } from '../../targets/target.ts';
import { withRetry } from '../../targets/with-retry.ts';
import { parseTargetUrl, type NamedPlace } from './target-url.ts';

/** Milliseconds that a call is tried for: somebody waits. */
const patience = 60_000;

export interface Place {
  shown: string;
  /** The names of the plans, sorted. */
  plans: string[];
  /** A target for the backups of one of them, not connected yet; the caller closes it. */
  target(plan: string): Target;
}

/** The plans at an address: of the place, or the one whose own folder it is. Throws USAGE, NOTHING_STORED, and what the target says. */
export async function openPlace(url: string, { environment, emit, signal }: { environment: NodeJS.ProcessEnv; emit: Emit; signal: AbortSignal }): Promise<Place> {
  const named = parseTargetUrl(url, environment, registries);
  const above = aboveOf(named);
  for (const { place, only } of [{ place: named, only: named.only ?? null }, ...(above ? [above] : [])]) {
    const plans = (await plansAt(place, emit, signal)).filter((plan) => only === null || plan === only);
    if (plans.length > 0) return { shown: place.shown, plans: plans.sort(), target: (plan) => makeTarget(place, plan, emit) };
  }
  throw new BatError('NOTHING_STORED', `There are no backups of any plan at ${named.shown}.`, { hint: 'Name the folder, bucket, server or account that holds a folder for each plan, with a bat.json in it.' });
}

/** The plan that is meant: the only one, or the one of that name. Throws USAGE, NOT_FOUND. */
export function choosePlan({ plans, shown }: Place, wanted: string | undefined): string {
  if (wanted === undefined && plans.length === 1) return plans[0]!;
  if (wanted === undefined) throw new BatError('USAGE', `There are several plans at ${shown}.`, { hint: `Choose one with --plan: ${plans.join(', ')}.` });
  if (plans.includes(wanted)) return wanted;
  const meant = nearest(wanted, plans);
  throw new BatError('NOT_FOUND', `There is no plan "${wanted}" at ${shown}.`, { hint: `${meant === undefined ? '' : `Did you mean "${meant}"? `}There are: ${plans.join(', ')}.` });
}

/** Whoever names the folder of one plan means that one. */
function aboveOf(place: NamedPlace): { place: NamedPlace; only: string } | null {
  if (place.pathOption === null) return null;
  const path = String(place.options[place.pathOption] ?? '').replace(/\/+$/, '');
  const [, before = '', only = ''] = /^(.*?)\/?([^/]+)$/.exec(path) ?? [];
  if (only === '') return null;
  const { [place.pathOption]: _path, ...options } = place.options;
  const shown = place.shown.replace(/\/+$/, '').slice(0, -only.length).replace(/(?<=[^/])\/$/, '');
  if (place.pathOption === 'path') return { place: { ...place, options: { ...options, path: before === '' ? '/' : before }, shown }, only };
  return { place: { ...place, options: before === '' ? options : { ...options, [place.pathOption]: before }, shown }, only };
}

async function plansAt(place: NamedPlace, emit: Emit, signal: AbortSignal): Promise<string[]> {
  const target = makeTarget(place, 'bat', emit);
  try {
    return (await target.plans?.(signal)) ?? [];
  } finally {
    await target.close();
  }
}

function makeTarget({ type, options, shown }: NamedPlace, plan: string, emit: Emit): Target {
  const kind = registries.targets.find((candidate) => candidate.type === type)!;
  try {
    return withRetry(kind.create(shown, options, { folder: process.cwd(), plan }), hurried(defaultRetry, patience), emit, { connectWithin: patience });
  } catch (error) {
    // There is no plan whose line it could be said of.
    if (error instanceof BatError && error.code === 'PLAN_INVALID') throw new BatError('USAGE', error.message, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
    throw error;
  }
}
