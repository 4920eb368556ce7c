/** A plan, read and checked: everything a run, a restore or a look at it needs to know. */
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { BatError, systemReason } from '../core/errors.ts';
import { resolvePath } from '../core/paths.ts';
import { retryPolicy } from '../core/retry.ts';
import type { RetryOptions, RetryPolicy } from '../core/retry.ts';
import type { Source } from '../steps/source.ts';
import { planEnvironment } from './environment.ts';
import type { Graph } from './graph.ts';
import type { Environment } from './interpolate.ts';
import type { Registries } from './kinds.ts';
import { decodePlan, loadPlanText } from './load.ts';
import type { Loaded } from './load.ts';
import { below, sortMistakes } from './mistake.ts';
import type { Mistake } from './mistake.ts';
import { PlanError } from './plan-error.ts';
import { resolveSource } from './resolve-source.ts';
import { resolveRetention, type Retention } from './retention.ts';
import { secretNamesOf } from './secret-schema.ts';
import { resolveSecrets } from './secrets.ts';
import type { SecretContext } from './secrets.ts';
import type { SourceOptions } from './source-schema.ts';
import { resolveTarget, type TargetSpec } from './target-options.ts';
import { validatePlan } from './validate.ts';
import { isMap } from './words.ts';

export type { TargetSpec };

export interface Plan {
  name: string;
  description: string;
  /** Absolute. */
  file: string;
  /** The plan's folder, absolute. */
  folder: string;
  /** The file as it is written: variables not put in. */
  text: string;
  sources: readonly Source[];
  graph: Graph;
  targets: readonly TargetSpec[];
  /** For every upload and step that says nothing else. */
  retry: RetryPolicy;
  /** By the id of a source: which of its snapshots are kept. A source that is not in it keeps all. */
  retention: ReadonlyMap<string, Retention>;
  /** Public keys of those who may write what is stored; empty where whoever was seen first is trusted. */
  signers: readonly string[];
  /** The folder of the catalog, absolute, or null for the state folder of the user. */
  state: string | null;
  /** What is no mistake but probably not meant. */
  warnings: readonly Mistake[];
}

export interface CheckOptions {
  registries: Registries;
  environment: Environment;
  /** A variable that is set nowhere is a mistake; else a warning, and what depends on it is not checked. */
  strict?: boolean;
}

export interface LoadOptions extends CheckOptions {
  /** Fetch the secrets that the plan refers to; else they stay the references that the plan has. */
  resolveSecrets: boolean;
}

interface Checked {
  plan: Plan | null;
  mistakes: Mistake[];
  warnings: Mistake[];
  loaded: Loaded;
  environment: Environment;
}

/** The plan, ready to be used. Throws PlanError with every mistake, PLAN_NOT_FOUND, or SECRET_UNAVAILABLE. */
export async function loadPlan(file: string, options: LoadOptions): Promise<Plan> {
  const { plan, mistakes, loaded, environment } = await check(file, options);
  if (!plan) throw new PlanError(file, mistakes);
  return options.resolveSecrets ? withSecrets(plan, file, loaded, environment) : plan;
}

/** Everything that can be said about a plan without touching anything outside of it. `plan` is null where it has mistakes. Throws PLAN_NOT_FOUND. */
export async function checkPlan(file: string, options: CheckOptions): Promise<{ plan: Plan | null; mistakes: Mistake[]; warnings: Mistake[] }> {
  const { plan, mistakes, warnings } = await check(file, options);
  return { plan, mistakes, warnings };
}

async function check(file: string, { registries, environment: given, strict = false }: CheckOptions): Promise<Checked> {
  const absolute = resolve(file);
  const folder = dirname(absolute);
  const { text, damaged } = decodePlan(await readPlan(file, absolute));
  const environment = await planEnvironment(folder, given);
  const loaded = loadPlanText(text, environment, secretNamesOf(registries), damaged);
  const validated = loaded.readable ? await validatePlan(loaded, registries, folder) : { mistakes: [], warnings: [], graph: null };
  const mistakes = sortMistakes([...loaded.mistakes, ...validated.mistakes, ...(strict ? loaded.unset : [])]);
  const warnings = sortMistakes([...validated.warnings, ...(strict ? [] : loaded.unset)]);
  const { graph } = validated;
  const plan = mistakes.length === 0 && graph ? { ...resolved(loaded, registries, folder, graph), file: absolute, folder, text, warnings } : null;
  return { plan, mistakes, warnings, loaded, environment };
}

async function readPlan(file: string, absolute: string): Promise<Uint8Array> {
  try {
    return await readFile(absolute);
  } catch (cause) {
    throw new BatError('PLAN_NOT_FOUND', `The plan ${file} cannot be read: ${systemReason(cause)}.`, { hint: 'Name the file of a plan, or write one with `bat init`.', subject: file, cause });
  }
}

/** What the checks have found right, in the form that the rest of bat uses. */
function resolved(loaded: Loaded, registries: Registries, folder: string, graph: Graph): Pick<Plan, 'name' | 'description' | 'sources' | 'graph' | 'targets' | 'retry' | 'retention' | 'signers' | 'state'> {
  const plan = withoutUnknown(loaded.value, '', loaded) as Record<string, unknown>;
  const targets = Object.entries(mapIn(loaded.value, 'targets') as Record<string, Record<string, unknown>>);
  const { name, description, signer, state } = plan as { name?: string; description?: string; signer?: string | string[]; state?: string };
  const sources = Object.entries(mapIn(plan, 'sources') as Record<string, SourceOptions>);
  return {
    name: name ?? '',
    description: description ?? '',
    sources: sources.map(([id, options]) => resolveSource(id, options, folder)),
    graph,
    targets: targets.flatMap(([id, { type: kind, ...options }]) => {
      const type = registries.targets.find((candidate) => candidate.type === kind);
      return type ? resolveTarget(id, type, options) : [];
    }),
    retry: retryPolicy(plan['retry'] as RetryOptions | undefined),
    retention: new Map(
      sources.flatMap(([id, options]) => {
        const retention = resolveRetention(options.retention ?? plan['retention']);
        return retention ? [[id, retention] as const] : [];
      }),
    ),
    signers: signer === undefined ? [] : [signer].flat(),
    state: state === undefined ? null : resolvePath(state, folder),
  };
}

function mapIn(plan: unknown, key: string): Record<string, unknown> {
  const part = isMap(plan) ? plan[key] : undefined;
  return isMap(part) ? part : {};
}

/** Leaves out every value that depends on a variable that is not set, where the plan is only looked at. */
function withoutUnknown(value: unknown, pointer: string, loaded: Loaded): unknown {
  const parts = (isMap(value) || Array.isArray(value) ? Object.entries(value) : [])
    .filter(([key]) => loaded.spots.get(below(pointer, key))?.unknown !== true)
    .map(([key, part]): [string, unknown] => [key, withoutUnknown(part, below(pointer, key), loaded)]);
  if (Array.isArray(value)) return parts.map(([, part]) => part);
  return isMap(value) ? Object.fromEntries(parts) : value;
}

async function withSecrets(plan: Plan, file: string, loaded: Loaded, environment: Environment): Promise<Plan> {
  const context = (owner: string, pointer: string): SecretContext => ({
    folder: plan.folder,
    environment,
    owner,
    where: (path) => `${relative('', file) || file}:${loaded.position(below(pointer, ...path)).line}`,
  });
  const targets: TargetSpec[] = [];
  for (const target of plan.targets) {
    targets.push({ ...target, options: await resolveSecrets(target.options, target.type.schema, context(`the target ${target.id}`, below('/targets', target.id))) });
  }
  const nodes: Graph['nodes'][number][] = [];
  for (const node of plan.graph.nodes) nodes.push({ ...node, options: await resolveSecrets(node.options, node.type.schema, context(`the step ${node.id}`, node.pointer)) });
  const hooks: Graph['hooks'][number][] = [];
  for (const hook of plan.graph.hooks) hooks.push({ ...hook, options: await resolveSecrets(hook.options, hook.type.schema, context(`the step ${hook.id}`, hook.pointer)) });
  return { ...plan, targets, graph: { nodes, hooks } };
}
