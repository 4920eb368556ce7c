/** When each target was drilled last, as the catalog notes it. */
import { existsSync } from 'node:fs';
import { Catalog } from '../../catalog/catalog.ts';
import { Drills } from '../../catalog/drills.ts';
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { Plan } from '../../plan/plan.ts';
import { stateFiles } from '../../plan/state-folder.ts';
import { takeLock } from '../../catalog/lock.ts';
import { openLocalCatalog } from '../local-catalog.ts';
import type { DrillReport } from './contract.ts';

/** The target that an upload stores to whose last drill is the longest ago; the first of the plan where nobody knows. */
export function chooseTarget(plan: Plan, environment: NodeJS.ProcessEnv): string {
  const stored = new Set(plan.graph.nodes.flatMap((node) => (node.type.gives === 'receipts' ? [node.options['to']].flat() : [])));
  const ids = plan.targets.map(({ id }) => id).filter((id) => stored.has(id));
  const catalog = openLocalCatalog(plan, environment);
  if (!catalog) return ids[0]!;
  try {
    const drills = new Drills(catalog);
    const times = ids.map((id) => ({ id, time: drills.last(id)?.time ?? '' }));
    return times.reduce((oldest, one) => (one.time < oldest.time ? one : oldest)).id;
  } finally {
    catalog.close();
  }
}

/** Where this machine has a catalog. A run that holds it is not waited for. */
export async function noteDrill(plan: Plan, report: DrillReport, file: string | null, emit: Emit, environment: NodeJS.ProcessEnv): Promise<void> {
  const files = stateFiles(plan, environment);
  if (!existsSync(files.catalog)) return;
  try {
    const lock = takeLock(files.lock, plan.name);
    try {
      const catalog = Catalog.open(files.catalog);
      new Drills(catalog).note(report.target, { time: report.time, isOk: report.isOk, files: report.tried.files, failures: report.failures.length, report: file });
      catalog.flush();
      catalog.close();
    } finally {
      lock.release();
    }
  } catch (error) {
    if (!(error instanceof BatError)) throw error;
    emit({ type: 'issue', issue: { kind: 'note', message: `The catalog does not know of this drill: ${error.message}` } });
  }
}
