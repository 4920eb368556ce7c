/**
 * Holds what targets store against what the catalog says that they hold: `bat verify`. Looking changes nothing on the targets, and takes no lock: a run may go
 * on meanwhile. What was checked is noted in the catalog.
 */
import { existsSync } from 'node:fs';
import { Catalog } from '../catalog/catalog.ts';
import { Checks } from '../catalog/checks.ts';
import { Manifests } from '../catalog/manifests.ts';
import { holdingOn } from '../catalog/holdings.ts';
import { Snapshots } from '../catalog/snapshots.ts';
import { BatError } from '../core/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { stateFiles } from '../plan/state-folder.ts';
import { nearest } from '../plan/words.ts';
import type { Target } from '../targets/target.ts';
import { holdPlan } from './held-plan.ts';
import { chooseTargets, closeTargets, createTargets } from './plan-targets.ts';
import type { Damage } from './verify/damage.ts';
import { TargetCheck } from './verify/check-target.ts';
import type { TargetVerified, TellVerify, VerifyOptions, VerifyReport } from './verify/contract.ts';
import { lostFiles } from './verify/lost-files.ts';
import { mend } from './verify/mend.ts';

export { parseAmount } from './verify/amount.ts';
export type { Finding, LostFile, TargetVerified, VerifyEvent, VerifyOptions, VerifyReport } from './verify/contract.ts';

/** Throws NOTHING_STORED where there is no catalog or nothing in it, SNAPSHOT_NOT_FOUND for an unknown source, USAGE, KEY_MISSING, KEY_WRONG. What is found, and a target that fails, is in the report. */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { plan, environment } = options;
  const file = stateFiles(plan, environment).catalog;
  if (!existsSync(file)) throw noCatalog(plan);
  if (options.repair) return holdPlan(plan, (catalog) => verifyWith(options, catalog));
  const catalog = Catalog.open(file);
  try {
    new Checks(catalog).hurry();
    return await verifyWith(options, catalog);
  } finally {
    catalog.close();
  }
}

async function verifyWith(options: VerifyOptions, catalog: Catalog): Promise<VerifyReport> {
  const { repair } = options;
  checkSources(catalog, options);
  const { report, damages } = await withTargets(options, (targets) => checkTargets(options, catalog, targets));
  if (!repair) return report;
  const healed = report.damaged === 0 ? 0 : await mend(options, catalog, damages);
  return { ...report, repair: { healed } };
}

async function withTargets<T>({ plan, targets: chosen, environment, emit }: VerifyOptions, work: (targets: readonly Target[]) => Promise<T>): Promise<T> {
  const targets: Target[] = [];
  try {
    for (const { id } of chooseTargets(plan, chosen)) targets.push(...(await createTargets({ plan, only: id, environment, emit })));
    return await work(targets);
  } finally {
    await closeTargets(targets);
  }
}

async function checkTargets(options: VerifyOptions, catalog: Catalog, targets: readonly Target[]): Promise<{ report: VerifyReport; damages: Damage[] }> {
  const { signal } = options;
  let isMendable = false;
  const tell: TellVerify = (event) => {
    if (event.type === 'finding') isMendable ||= event.finding.problem !== 'lacking' || event.finding.elsewhere.length > 0;
    options.tell(event);
  };
  const started = Date.now();
  const verified: TargetVerified[] = [];
  const damages: Damage[] = [];
  for (const target of targets) {
    const check = new TargetCheck({ ...options, tell }, catalog, target);
    if (!isUsed(catalog, target.id)) continue;
    verified.push(await check.run());
    damages.push(check.damage);
  }
  let files = 0;
  let isInNewest = false;
  for await (const lost of lostFiles(catalog, damages, options.sources, signal)) {
    files++;
    isInNewest ||= lost.isLatest;
    tell({ type: 'file', file: lost });
  }
  const report = { targets: verified, damaged: verified.reduce((sum, { damaged }) => sum + damaged, 0), files, isInNewest, isMendable, repair: null, duration: Date.now() - started };
  return { report, damages };
}

/** Throws SNAPSHOT_NOT_FOUND for a source that nothing is stored of, NOTHING_STORED if there is no snapshot at all. */
function checkSources(catalog: Catalog, { plan, sources }: VerifyOptions): void {
  const known = [...new Set(new Snapshots(catalog).list().map(({ source }) => source))].sort();
  if (known.length === 0) throw noCatalog(plan);
  for (const source of sources) {
    if (known.includes(source)) continue;
    const meant = nearest(source, known);
    throw new BatError('SNAPSHOT_NOT_FOUND', `Nothing is stored of a source "${source}".`, { hint: `${meant ? `Did you mean "${meant}"? ` : ''}Stored are: ${known.join(', ')}.` });
  }
}

function noCatalog({ name }: Plan): BatError {
  return new BatError('NOTHING_STORED', `This machine's catalog knows of nothing that is stored of the plan ${name}.`, {
    hint: 'If something is, `bat sync --identity FILE` rebuilds the catalog from a target. Else make a first backup with `bat run`.',
  });
}

/** Something was stored there. */
function isUsed(catalog: Catalog, target: string): boolean {
  return holdingOn(catalog, target).objects > 0 || new Manifests(catalog).on(target).length > 0;
}
