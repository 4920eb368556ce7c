/** Checks everything about a plan that can be known without leaving its file. All mistakes are reported, not the first one. */
import { partChecker } from './check-part.ts';
import { checkSources } from './check-sources.ts';
import { checkSteps } from './check-steps.ts';
import type { CheckedSteps } from './check-steps.ts';
import { checkTargets, checkUploads } from './check-targets.ts';
import { buildGraph } from './graph.ts';
import type { Graph } from './graph.ts';
import { implicitKind } from './kinds.ts';
import type { Registries } from './kinds.ts';
import type { Loaded } from './load.ts';
import type { Mistake, Report } from './mistake.ts';
import { frameSchema, mostSteps } from './part-schemas.ts';
import { retentionFindings } from './retention.ts';
import { isMap, valueWords } from './words.ts';

export interface Validated {
  mistakes: Mistake[];
  warnings: Mistake[];
  /** Null if the steps do not fit together. */
  graph: Graph | null;
}

/** `folder` is the plan's own: its relative paths start there. Resolved values are put into `loaded.value` in place. */
export async function validatePlan(loaded: Loaded, registries: Registries, folder: string): Promise<Validated> {
  const mistakes: Mistake[] = [];
  const warnings: Mistake[] = [];
  const report: Report = (finding) => mistakes.push(loaded.locate(finding));
  const check = partChecker(loaded, report, (finding) => warnings.push(loaded.locate(finding)));
  const plan = loaded.value;
  if (!isMap(plan)) {
    report({ pointer: '', message: `The plan is ${valueWords(plan)}.`, expected: 'a map with version, name, sources, steps and targets', hint: 'Write a plan to start from with `bat init`.' });
    return { mistakes, warnings, graph: null };
  }
  check.part({ pointer: '', name: 'the plan' }, frameSchema, plan);
  const { sources, steps, targets, retention } = plan;
  for (const finding of retentionFindings(retention, '/retention', check.isUnknown)) report(finding);
  if (isMap(sources)) checkSources(sources, folder, check);
  const checked: CheckedSteps = Array.isArray(steps) && steps.length <= mostSteps ? await checkSteps(steps, registries, loaded, check) : { uses: [], clear: false };
  const files = registries.steps.find((type) => type.kind === implicitKind);
  const graph = checked.clear ? buildGraph(checked.uses, files, report) : null;
  if (isMap(targets)) {
    await checkTargets(targets, registries, loaded, check);
    checkUploads(checked.uses, targets, check);
  }
  return { mistakes, warnings, graph };
}
