/**
 * What a run costs on this machine, and which step holds it up: `bat bench`. Sources are read and every step does its work, as in a
 * first run; the objects go nowhere. What a target takes is measured only where that is asked for, with objects of its own.
 */
import { BatError } from '../core/errors.ts';
import type { BatEvent, Issue } from '../core/events.ts';
import type { Plan } from '../plan/plan.ts';
import { chooseSources } from '../runner/choose-sources.ts';
import { SourceRun } from '../runner/source-run.ts';
import type { Session } from '../runner/session.ts';
import type { Source } from '../steps/source.ts';
import { benchNotes } from './bench/notes.ts';
import { lookAtMachine } from './bench/machine.ts';
import { MeasuredSeams } from './bench/measured-seams.ts';
import { inPrivateRun } from './bench/private-run.ts';
import { failureOf, type BenchReport, type BenchSource, type BenchStep, type BenchTarget, type Use } from './bench/report.ts';
import { StepTotals } from './bench/step-totals.ts';
import { benchTarget } from './bench/target-bench.ts';
import { UseMeter } from './bench/use.ts';
import { findBottleneck } from './bench/verdict.ts';
import { knownStores } from './targets-check.ts';

export type { BenchReport } from './bench/report.ts';

/** What goes on, for who waits. `bytes`: read of the source until now. */
export type BenchEvent = { type: 'source'; source: string; bytes: number } | { type: 'target'; target: string };

export interface BenchOptions {
  plan: Plan;
  /** Ids of the sources; empty for all but those that are commands. */
  sources: readonly string[];
  /** Bytes that are read of all sources together, about. */
  limit: number;
  /** Milliseconds that are read, about. */
  time: number;
  /** Bytes that each target is sent; null to leave them alone. */
  upload: number | null;
  environment: NodeJS.ProcessEnv;
  tell: (event: BenchEvent) => void;
  signal: AbortSignal;
}

interface Reading {
  sources: BenchSource[];
  wall: number;
  use: Use;
  steps: BenchStep[];
}

/** What is wrong with a source or a target is in the report. Throws USAGE, DISK_FAILED, STATE_FAILED, INTERRUPTED. */
export async function bench(options: BenchOptions): Promise<BenchReport> {
  const { signal } = options;
  try {
    return await measure(options);
  } catch (error) {
    throw signal.aborted && error === signal.reason ? new BatError('INTERRUPTED', 'Interrupted. Nothing is left of the bench.', { cause: error }) : error;
  }
}

async function measure(options: BenchOptions): Promise<BenchReport> {
  const { plan, sources: ids, upload, signal } = options;
  // A program does what it does: a bench calls it only where it is named.
  const chosen = chooseSources(plan, ids).filter(({ command }) => ids.length > 0 || !command);
  const { sources, wall, use, steps } = await readSources(chosen, options);
  const targets = upload === null ? [] : await benchTargets(options, upload);
  signal.throwIfAborted();
  const report: BenchReport = {
    plan: plan.name,
    machine: lookAtMachine(),
    sources,
    wall,
    bytes: sources.reduce((sum, { bytes }) => sum + bytes, 0),
    files: sources.reduce((sum, { files }) => sum + files, 0),
    use,
    steps,
    targets,
    verdict: null,
    notes: [],
  };
  return { ...report, verdict: findBottleneck(report, plan), notes: benchNotes(report, plan, chosen) };
}

async function readSources(chosen: readonly Source[], { plan, limit, time, tell, signal }: BenchOptions): Promise<Reading> {
  const issues = new Map<string, Issue[]>(chosen.map(({ id }) => [id, []]));
  const emit = (event: BatEvent): void => {
    if (event.type === 'issue' && event.source !== undefined) issues.get(event.source)?.push(event.issue);
    if (event.type === 'step-progress' && event.counts.totalBytes !== undefined) tell({ type: 'source', source: event.source, bytes: event.counts.bytes });
  };
  return inPrivateRun(plan, { emit, signal }, async (session) => {
    const meter = new UseMeter();
    const began = performance.now();
    const steps = new StepTotals(session);
    const sources: BenchSource[] = [];
    let left = limit;
    for (const [index, source] of chosen.entries()) {
      // What a small source leaves of its share is for those after it.
      const rest = chosen.length - index;
      const until = performance.now() + (began + time - performance.now()) / rest;
      const report = await readSource(session, source, { limit: left / rest, until, steps });
      left -= report.bytes;
      sources.push({ ...report, issues: issues.get(source.id)! });
    }
    const wall = performance.now() - began;
    return { sources, wall, use: meter.read(), steps: steps.list(wall) };
  });
}

async function readSource(session: Session, source: Source, { limit, until, steps }: { limit: number; until: number; steps: StepTotals }): Promise<BenchSource> {
  session.signal.throwIfAborted();
  const began = performance.now();
  const seams = new MeasuredSeams((bytes) => bytes >= limit || performance.now() >= until);
  const run = new SourceRun(session, source, seams);
  await Promise.allSettled(session.plan.graph.nodes.map((node) => run.runStep(node)));
  const { read, files } = run.end();
  session.signal.throwIfAborted();
  // A file that was cut is not counted as read.
  const bytes = seams.isCut ? Math.max(read, seams.made) : read;
  steps.add(seams.steps, bytes);
  const error = run.failure === null ? {} : { error: failureOf(run.failure) };
  return { source: source.id, files, bytes, isWhole: !seams.isCut && run.failure === null, wall: performance.now() - began, issues: [], ...error };
}

async function benchTargets({ plan, environment, tell, signal }: BenchOptions, amount: number): Promise<BenchTarget[]> {
  const known = knownStores(plan, environment);
  const results: BenchTarget[] = [];
  for (const spec of plan.targets) {
    signal.throwIfAborted();
    tell({ type: 'target', target: spec.id });
    results.push(await benchTarget(spec, { plan, store: known(spec.id), amount, signal }));
  }
  return results;
}
