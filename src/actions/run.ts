/** Carries out a plan: `bat run`. */
import { BatError, exitCodes, type ErrorCode } from '../core/errors.ts';
import type { Emit, SourceSummary } from '../core/events.ts';
import { checkTags } from '../core/tags.ts';
import { Runs } from '../catalog/runs.ts';
import { Stores } from '../catalog/stores.ts';
import { formatCount } from '../core/units.ts';
import type { Plan } from '../plan/plan.ts';
import { mendManifests } from '../runner/mend-manifests.ts';
import { runHooks } from '../runner/hooks.ts';
import { chooseSources } from '../runner/choose-sources.ts';
import { prepareLanes } from '../runner/lanes.ts';
import { prepareTargets, tryTarget } from '../runner/prepare-targets.ts';
import { removeUndone } from '../runner/reconcile.ts';
import { Session } from '../runner/session.ts';
import { tellSigner, writeSignedList } from '../runner/signed-list.ts';
import { runPhases, runSources, type TaskView } from '../runner/tasks.ts';
import { notesOnUsable, settleUnusable } from '../runner/usable.ts';
import { Waits } from '../runner/waits.ts';
import type { Source } from '../steps/source.ts';
import { newRunId } from '../volume/run-id.ts';
import { holdPlan } from './held-plan.ts';
import { hasOldWork, pruneAfterRun } from './prune/after-run.ts';

export interface RunOptions {
  plan: Plan;
  /** Ids of the sources to back up; empty for all. */
  sources: readonly string[];
  /** What its snapshots are tagged with. */
  tags?: readonly string[];
  /** False leaves the policy of the plan alone. */
  prune?: boolean;
  newTargets: readonly string[];
  allowEmpty: boolean;
  emit: Emit;
  signal: AbortSignal;
  view: TaskView;
  /** The time that the run and its snapshots bear, which policies count by. Default: now. */
  time?: Date;
}

export interface RunResult {
  run: string;
  exitCode: number;
  sources: Map<string, SourceSummary>;
  duration: number;
}

/**
 * Throws what keeps the run from beginning (a lock, a state folder that cannot be used), the reason of an aborted signal, and
 * a bug, once the run has come to its end; all else is in the exit code and the events.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const { plan, signal } = options;
  const chosen = chooseSources(plan, options.sources);
  for (const id of options.newTargets) checkTarget(plan, id);
  const tags = checkTags(options.tags ?? []);
  return holdPlan(plan, async (catalog) => {
    const startedAt = options.time ?? new Date();
    const session = new Session({ ...options, tags, run: newRunId(startedAt), startedAt, catalog, dryRun: false });
    new Runs(catalog).begin(session.run, startedAt);
    const result = await carryOut(session, chosen, options);
    signal.throwIfAborted();
    return result;
  });
}

async function carryOut(session: Session, chosen: readonly Source[], { view, prune = true }: RunOptions): Promise<RunResult> {
  const { plan, catalog, signal, startedAt } = session;
  const began = performance.now();
  const errors: unknown[] = [];
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!errors.includes(error)) errors.push(error);
      return false;
    }
  };
  const outcomes = new Map<string, SourceSummary>();
  let isPruned = true;
  const started = await attempt(async () => {
    await prepareLanes(session);
    const targets = session.lanes.flatMap((lane) => lane.targets);
    session.emit({ type: 'run-start', run: session.run, plan: plan.name, time: startedAt.toISOString(), sources: chosen.map((source) => source.id), targets });
    tellSigner(session);
    await runPhases(phasesBefore(session), view);
  });
  if (started) {
    await attempt(async () => {
      const results = await runSources(session, chosen, view);
      for (const { id } of chosen) {
        const { summary, error } = results.get(id) ?? { summary: null, error: new Error(`The source "${id}" was not begun.`) };
        if (summary) outcomes.set(id, summary);
        if (error && !errors.includes(error)) errors.push(error);
      }
      await mendDue(session);
      for (const target of session.targets.values()) {
        await tryTarget(session, target.id, async () => {
          await removeUndone(session, target);
          await writeSignedList(session, target);
        });
      }
    });
    const stored = prune ? [...outcomes].filter(([id, { status }]) => status !== 'failed' && plan.retention.has(id)).map(([id]) => id) : [];
    if (session.targets.size > 0 && !signal.aborted && hasOldWork(session, stored)) {
      await attempt(async () => runPhases([{ title: 'Old snapshots', work: async (say) => void (isPruned = await pruneAfterRun(session, stored, say)) }], view));
    }
  }
  // Sources that this run left alone may have something to send, too.
  if (errors.length === 0 && session.failures.size === 0 && chosen.length === plan.sources.length && !signal.aborted) {
    new Stores(catalog).setMendDue(false);
    settleUnusable(session);
  }
  if (errors.length === 0 && !signal.aborted) for (const id of session.targets.keys()) new Stores(catalog).setUnsettled(id, false);
  const unread = [...outcomes.values()].some((summary) => summary.unreadFiles > 0);
  const exitCode = (): number => chooseExitCode(errors, session, { unread, isPruned });
  const finishing = { exitCode: exitCode(), lanes: session.lanes, sources: plan.sources.map((source) => ({ source, summary: outcomes.get(source.id) ?? null })) };
  if (started) for (const node of plan.graph.nodes) await attempt(async () => node.type.finish?.(node.options, session.setupOf(node.id), finishing));
  for (const when of [exitCode() === 0 || exitCode() === exitCodes.SOURCE_UNREADABLE ? 'after' : 'failure', 'always'] as const) {
    await attempt(() => runHooks(session, when, exitCode(), view));
  }
  await attempt(async () => new Runs(catalog).end(session.run, new Date(), exitCode()));
  for (const error of errors) tellError(session, error);
  const duration = Math.round(performance.now() - began);
  session.emit({ type: 'run-end', run: session.run, exitCode: exitCode(), duration });
  const bug = errors.find((error) => !(error instanceof BatError));
  if (bug && !signal.aborted) throw bug;
  return { run: session.run, exitCode: exitCode(), sources: outcomes, duration };
}

/** What was stored again since it was lost has another place now than older manifests say. */
async function mendDue(session: Session): Promise<void> {
  if (!new Stores(session.catalog).isMendDue()) return;
  const written = new Map<string, number>();
  for await (const { target } of mendManifests(session)) written.set(target, (written.get(target) ?? 0) + 1);
  for (const [target, count] of written) session.emit({ type: 'issue', target, issue: { kind: 'note', message: `wrote ${formatCount(count, 'manifest')} again, since some of what they speak of was lost and is stored elsewhere now` } });
}

function phasesBefore(session: Session): { title: string; work: (say: (text: string) => void) => Promise<void> }[] {
  const { plan } = session;
  return [
    ...(plan.graph.hooks.some((hook) => hook.when === 'before') ? [{ title: 'Programs before', work: () => runHooks(session, 'before', 0, 'none') }] : []),
    {
      title: 'Targets',
      work: async (say) => {
        const waits = new Waits(null);
        const stop = session.listen((event) => {
          if (waits.take(event)) say(waits.text);
        });
        try {
          await prepareTargets(session, say);
          for (const { message, target } of notesOnUsable(session)) session.emit({ type: 'issue', ...(target ? { target } : {}), issue: { kind: 'note', message } });
        } finally {
          stop();
        }
      },
    },
  ];
}

function checkTarget(plan: Plan, id: string): void {
  if (plan.targets.some((target) => target.id === id)) return;
  throw new BatError('USAGE', `The plan ${plan.name} has no target "${id}".`, { hint: `It has: ${plan.targets.map((target) => target.id).join(', ')}.` });
}

function chooseExitCode(errors: readonly unknown[], session: Session, { unread, isPruned }: { unread: boolean; isPruned: boolean }): number {
  if (session.signal.aborted) return exitCodes.INTERRUPTED;
  if (errors.some((error) => !(error instanceof BatError))) return 1;
  const [error] = errors as readonly BatError[];
  if (error) return error.exitCode;
  if (session.failures.size > 0 || !isPruned) return exitCodes.TARGETS_INCOMPLETE;
  return unread ? exitCodes.SOURCE_UNREADABLE : 0;
}

function tellError(session: Session, error: unknown): void {
  if (session.signal.aborted) return;
  // A bug is thrown once all else is done.
  if (!(error instanceof BatError)) return;
  // A target's failure has been said when it was given up on.
  if ([...session.failures.values()].includes(error)) return;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  session.emit({ type: 'error', code: error.code satisfies ErrorCode, message: error.message, ...hint });
}
