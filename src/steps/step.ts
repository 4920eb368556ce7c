/**
 * The contract of a step: one node of a plan's graph. One file in this folder implements one kind, the registry
 * (index.ts) lists them, test/conformance/step-suite.ts holds what all of them must keep.
 *
 * A step is an async generator from what it takes to what it gives. It is started once for each source and works
 * while the step before it is still giving. It knows its options and its context, and no other step.
 * - It stops soon after `context.signal` is aborted, by throwing the signal's reason.
 * - What goes wrong with one file is reported through `context.issue` and the rest goes on; what it throws fails the source.
 * - Its memory does not grow with the data.
 */
import type { BatEvent, Emit, Issue, SourceSummary, StepCounts } from '../core/events.ts';
import type { Draft } from '../catalog/draft.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Target } from '../targets/target.ts';
import type { Sealer } from '../volume/age.ts';
import type { PlanFile } from '../volume/manifest.ts';
import { codecSuffix, type Codec } from '../volume/frames.ts';
import type { Flow, FlowItems } from './flow.ts';
import type { Source } from './source.ts';

export interface StepType<Options = unknown> {
  kind: string;
  /** One line for help and docs. */
  summary: string;
  takes: readonly Flow[];
  gives: Flow | null;
  /** JSON Schema of the options: an object, each property with a description and an example. */
  schema: Record<string, unknown>;
  /** Refused as options in a plan although the schema lets them pass; throws BatError PLAN_INVALID. */
  check?(options: Options): void | Promise<void>;
  /** Done once a run, before any source: what is slow, or the same for all sources. */
  prepare?(options: Options, setup: StepSetup): Promise<void>;
  /** Done once at the end of a run, whatever became of it. */
  finish?(options: Options, setup: StepSetup, outcome: RunOutcome): Promise<void>;
  /** What this step adds to the shape of the objects that pass through it. */
  shape?(options: Options, setup: StepSetup): Partial<Shape>;
  run(options: Options, inputs: readonly AsyncIterable<FlowItems[Flow]>[], context: StepContext): AsyncIterable<FlowItems[Flow]>;
}

/** How the objects of an upload look on its targets: what the steps before it made of them. */
export interface Shape {
  codec: Codec;
  level: number;
  recipients: readonly string[] | null;
  newSealer: (() => Promise<Sealer>) | null;
  /** The folder that keeps them until they are stored, if there is one. */
  spool: string | null;
}

/** One upload of the plan, with everything that has to do with its targets. */
export interface Lane extends Shape {
  /** The id of the upload step. */
  upload: string;
  /** The kind of the step that makes the volumes it stores: `tar`, or `files`. */
  maker: string;
  /** Ids of the targets of the plan. */
  targets: readonly string[];
}

/** What its steps add to the name of an object. */
export function suffixOf(lane: Pick<Lane, 'codec' | 'recipients'>): string {
  return codecSuffix[lane.codec] + (lane.recipients ? '.age' : '');
}

/** What became of a run, for `finish`. */
export interface RunOutcome {
  exitCode: number;
  /** Every source of the plan, also those that this run left alone. */
  sources: readonly { source: Source; summary: SourceSummary | null }[];
  lanes: readonly Lane[];
}

/** A step's surroundings for the whole run. */
export interface StepSetup {
  /** The step's id in the plan. */
  id: string;
  plan: string;
  /** The file of the plan without its secrets, as manifests carry it. */
  planFile: PlanFile;
  folder: string;
  run: string;
  startedAt: Date;
  /** What the snapshots of this run are tagged with. */
  tags: readonly string[];
  /** Nothing may be written anywhere. */
  dryRun: boolean;
  catalog: Catalog;
  emit: Emit;
  /** Hears every event of the run from now on. */
  listen(this: void, listener: (event: BatEvent) => void): void;
  signal: AbortSignal;
  /** A place for what `prepare` made, for `shape` and `run` of the same step. */
  prepared: Map<string, unknown>;
}

/** A step's surroundings while it works on one source. */
export interface StepContext extends StepSetup {
  source: Source;
  snapshot: string;
  draft: Draft;
  /** The targets that can be used, by id. One that fails for good is taken out with `giveUp`. */
  targets: ReadonlyMap<string, Target>;
  /** Also of a target that is out of reach now: what it lacks is brought to it later, under the same name. */
  acceptsName(this: void, target: string, name: string): boolean;
  giveUp(this: void, target: string, error: unknown): void;
  /** Bytes that a target has taken from this step. */
  sent(this: void, target: string, bytes: number): void;
  lanes: readonly Lane[];
  /** The lanes that this step's data ends up in. */
  downstream: readonly Lane[];
  /** The kind of the step that makes this plan's volumes: the catalog keeps those of `tar` and `files` apart. */
  maker: string;
  /** The next number for a volume of this run: unique over all sources and steps. */
  nextVolume(): number;
  /** An empty source may replace one that was not empty. */
  allowEmpty: boolean;
  issue(issue: Issue): void;
  /** Puts facts into what is said of the source at its end. */
  summarize(facts: Partial<SourceSummary>): void;
  /** Adds to this step's running totals. */
  count(counts: Partial<StepCounts>): void;
  /** Adds to what this step's totals will come to. */
  expect(counts: { files?: number; bytes?: number }): void;
}

/** A step that is no part of the data's way: a program run before, after, or on failure. */
export interface HookType<Options = unknown> {
  kind: string;
  summary: string;
  schema: Record<string, unknown>;
  when(options: Options, beforeData: boolean): 'before' | 'after' | 'failure' | 'always';
  runHook(options: Options, context: HookContext): Promise<void>;
}

export interface HookContext {
  id: string;
  folder: string;
  /** BAT_PLAN, BAT_RUN, BAT_STATUS …: what the program is told. */
  environment: Record<string, string>;
  emit: Emit;
  signal: AbortSignal;
}
