/**
 * Tries whether a backup comes back: `bat drill`. Files chosen by chance are restored from one target into a scratch folder, by the restore
 * that everybody uses and with nothing of this machine's catalog, and are held against what was recorded of them, and against the disk.
 */
import { hostname, release } from 'node:os';
import { performance } from 'node:perf_hooks';
import { DrillList } from '../catalog/drill-list.ts';
import { chanceOf } from '../core/chance.ts';
import { BatError } from '../core/errors.ts';
import { formatCount } from '../core/units.ts';
import { batVersion } from '../core/version.ts';
import type { Target } from '../targets/target.ts';
import { chooseTarget, noteDrill } from './drill/last-drills.ts';
import { DrillFailed, type DrillFailure, type DrillOptions, type DrillReport, type DrillResult, type TrustingOptions } from './drill/contract.ts';
import { estimateFull } from './drill/full-restore.ts';
import { chooseToLook, leaveOutCold, lookAtSnapshot } from './drill/look.ts';
import { checkReportFolder, writeReport } from './drill/report-files.ts';
import { checkSpace, makeScratch, removeTree } from './drill/scratch.ts';
import { GroupRestore } from './drill/group-restore.ts';
import { closeTargets, createTargets } from './plan-targets.ts';
import { openKeys, type StoredSnapshot } from './store.ts';
import { once } from './store/keys.ts';
import { Trust } from './store/trust.ts';
import { askTargets } from './stored.ts';

export { DrillFailed, type DrillOptions, type DrillReport, type DrillResult } from './drill/contract.ts';

const mostNamed = 20;

/**
 * The report is written whatever came of it. Throws DrillFailed if not everything came back; NOTHING_STORED, DISK_FAILED, the codes of
 * openKeys, ThawPending, and what the target says, if it could not be tried.
 */
export async function drill(options: DrillOptions): Promise<DrillResult> {
  const { plan, environment, emit, signal, report: folder } = options;
  if (folder !== null) await checkReportFolder(folder);
  const id = options.from ?? chooseTarget(plan, environment);
  const targets = await createTargets({ plan, only: id, environment, emit });
  try {
    const trust = new Trust({ plan, environment, accept: false, emit });
    const [holder] = await askTargets(targets, emit, signal, trust);
    const { target, stored } = holder!;
    if (stored.length === 0) throw new BatError('NOTHING_STORED', `Nothing is stored on ${target.location} yet.`, { hint: 'Make a first backup with `bat run`.', subject: target.id });
    const report = await tryTarget({ ...options, trust }, target, stored);
    const files = folder === null ? [] : await writeReport(folder, report);
    await noteDrill(plan, report, files[0] ?? null, emit, environment);
    const result = { report, files };
    if (report.isOk) return result;
    throw failed(result);
  } finally {
    await closeTargets(targets);
  }
}

async function tryTarget(options: TrustingOptions, target: Target, stored: readonly StoredSnapshot[]): Promise<DrillReport> {
  const { plan, sample, seed, signal, thaw } = options;
  const started = performance.now();
  const time = new Date().toISOString();
  const chance = chanceOf(seed);
  const list = new DrillList();
  const failures: DrillFailure[] = [];
  const inputs = { identities: options.keys.identities, passphrase: options.keys.passphrase && once(options.keys.passphrase) };
  const looking = { target, stored, list, keys: once(() => openKeys(target, inputs, signal)), chance, signal };
  const scratch = await makeScratch(options.scratch);
  try {
    const looked = chooseToLook(stored, sample === 'all', chance);
    const denied: BatError[] = [];
    for (const [number, { id }] of looked.entries()) {
      const error = await lookAtSnapshot(looking, id, number);
      if (error) failures.push({ snapshot: id, path: '', message: error.message });
      if (error?.code === 'TARGET_DENIED') denied.push(error);
    }
    // Who may read nothing there, as with a token that may only add, has found out nothing about what is stored.
    if (denied.length === looked.length) throw denied[0]!;
    list.choose(sample, thaw !== null);
    if (thaw === null) await leaveOutCold(looking);
    const groups = list.groups();
    await checkSpace(scratch, Math.max(0, ...groups.map(({ bytes }) => bytes)));
    const restore = new GroupRestore({ ...options, keys: inputs }, target, list, scratch);
    for (const group of groups) await restore.run(looked[group.snapshot]!, group);
    const full = await estimateFull({ ...options, keys: inputs }, target, restore.rate);
    failures.push(...restore.failures);
    return {
      plan: plan.name,
      target: target.id,
      location: target.location,
      host: hostname(),
      versions: { bat: batVersion, node: process.version, system: `${process.platform} ${release()} ${process.arch}` },
      time,
      sample,
      seed,
      isOk: failures.length === 0,
      snapshots: { stored: stored.length, looked: looked.length },
      there: list.totals('all'),
      tried: list.totals('chosen'),
      cold: list.totals('cold'),
      cameBack: restore.cameBack,
      live: restore.live,
      failures,
      notCompared: restore.notCompared,
      fetched: restore.fetched,
      restoring: restore.duration,
      duration: performance.now() - started,
      full,
    };
  } finally {
    list.close();
    await removeTree(scratch);
  }
}

function failed(result: DrillResult): DrillFailed {
  const { report, files } = result;
  const { failures, tried, target } = report;
  const named = failures.slice(0, mostNamed).map(({ snapshot, path, message }) => `  ${path === '' ? snapshot : path}: ${message}`);
  const more = failures.length > named.length ? [`  and ${formatCount(failures.length - named.length, 'more', 'more')}`] : [];
  const head = `The drill failed: of ${formatCount(tried.files, 'file')} tried from "${target}", ${formatCount(failures.length, 'did', 'did')} not come back as it should.`;
  const hint = `Find out how much is damaged with \`bat verify --target ${target}\`.${files[0] === undefined ? '' : ` The report is in ${files[0]}.`}`;
  return new DrillFailed('RESTORE_INCOMPLETE', [head, ...named, ...more].join('\n'), result, { hint });
}
