/** What a sync found and did. */
import type { SyncObject, SyncReport, SyncTarget } from '../../actions/sync.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../../core/units.ts';
import { seconds } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import { leftLine } from './left-line.ts';
import { showNotice } from './notices.ts';
import { showTable } from './show-table.ts';
import { StatusLine } from './status-line.ts';

/** Objects that are named one by one for a person; `--json` names all. */
const mostShown = 30;
/** Milliseconds between two looks of the status line. */
const betweenLooks = 100;

interface Progress {
  manifests: number;
  totalManifests: number;
  entries: number;
}

export interface SyncProgress {
  show: (progress: Progress) => void;
  above: (write: () => void) => void;
  clear: () => void;
}

/** On a terminal only. */
export function syncProgress({ err, json }: Shell, quiet: boolean): SyncProgress {
  if (json || quiet || !err.isTerminal) return { show: () => {}, above: (write) => write(), clear: () => {} };
  const line = new StatusLine(err);
  let last = 0;
  return {
    show: ({ manifests, totalManifests, entries }) => {
      if (Date.now() - last < betweenLooks) return;
      last = Date.now();
      line.set(`reading manifests: ${manifests} of ${formatCount(totalManifests, 'manifest')}, ${formatCount(entries, 'entry', 'entries')}`);
    },
    above: (write) => line.above(write),
    clear: () => line.clear(),
  };
}

/** `quiet`: only what somebody has to look at. */
export function showSync(shell: Shell, report: SyncReport, { dryRun, quiet }: { dryRun: boolean; quiet: boolean }): void {
  const { out } = shell;
  const { read, targets } = report;
  if (report.damagedCatalog !== null) showNotice(shell, { severity: 'info', text: `the damaged catalog was kept as ${report.damagedCatalog}` });
  if (read) {
    const snapshots = formatCount(read.snapshots, 'snapshot');
    const what = report.rebuilt ? `${dryRun ? 'A new catalog would have' : 'The catalog was made anew:'} ${snapshots}` : `${snapshots} ${dryRun ? 'would come' : 'came'} into the catalog`;
    if (!quiet) out.line(`${what}, from ${formatCount(read.manifests, 'manifest')} (${formatBytes(read.bytes)}) in ${formatDuration(report.duration)}`);
    for (const { name, targets: held, error } of read.unreadable) showNotice(shell, { severity: 'warning', text: `${held.join(', ')}: ${visible(name)} is not in it: ${error.message}` });
  }
  if (!quiet || targets.some(({ found }) => found.length > 0)) showTable(out, {
    columns: [{ title: 'target', least: 6 }, { title: 'snapshots', align: 'right' }, { title: 'objects', align: 'right' }, { title: 'size', align: 'right' }, { title: 'gone', align: 'right' }, { title: 'unknown', align: 'right' }],
    rows: targets.map((target) =>
      target.problem
        ? [target.target, '–', '–', '–', '–', '–']
        : [target.target, formatNumber(target.snapshots), formatNumber(target.objects), formatBytes(target.bytes), formatNumber(inState(target, 'gone')), formatNumber(inState(target, 'unknown'))],
    ),
  });
  for (const { target, deleted } of targets) if (deleted > 0) out.line(leftLine(target, deleted));
  showObjects(shell, targets, dryRun);
  if (targets.some(({ found }) => found.length > 0)) out.line();
  const gone = targets.reduce((sum, target) => sum + inState(target, 'gone'), 0);
  if (gone > 0) out.line(out.colours.dim(dryRun ? 'What is gone would not be counted on any more.' : 'What is gone is stored again by the next run, as far as the sources still have it.'));
}

/** What is so for the same reason stands together: the names are what a line has to hold whole. */
function showObjects({ out }: Shell, targets: readonly SyncTarget[], dryRun: boolean): void {
  let left = mostShown;
  for (const { target, found } of targets) {
    for (const [reason, objects] of Map.groupBy(found, (object) => `${stateText(object, dryRun)}: ${object.why}`)) {
      out.line();
      out.line(`${target}: ${formatCount(objects.length, 'object')}, ${formatBytes(objects.reduce((sum, { size }) => sum + size, 0))}, ${reason}`);
      for (const { name, size } of objects.slice(0, left)) out.line(`  ${visible(name)}  ${out.colours.dim(formatBytes(size))}`);
      if (objects.length > left) out.line(out.colours.dim(`  and ${formatCount(objects.length - left, 'more', 'more')}; --json names all`));
      left = Math.max(0, left - objects.length);
    }
  }
}

function stateText({ state }: SyncObject, dryRun: boolean): string {
  return dryRun && (state === 'removed' || state === 'adopted') ? `to be ${state}` : state;
}

function inState({ found }: SyncTarget, state: SyncObject['state']): number {
  return found.filter((object) => object.state === state).length;
}

export function syncToJson(shell: Shell, { plan, rebuilt, damagedCatalog, read, targets, duration, exitCode }: SyncReport, dryRun: boolean): void {
  for (const { name, targets: held, error } of read?.unreadable ?? []) shell.emitJson('unreadable_manifest', { name, targets: held, code: error.code, message: error.message });
  for (const target of targets) {
    for (const object of target.found) shell.emitJson('sync_object', { target: target.target, ...object });
    const { snapshots, deleted, objects, bytes, location, problem } = target;
    // Why it could not be looked at has been told.
    const known = problem ? { reachable: false } : { reachable: true, location, snapshots, deleted, objects, bytes, gone: inState(target, 'gone'), unknown: inState(target, 'unknown') };
    shell.emitJson('sync_target', { target: target.target, ...known });
  }
  const facts = read && { snapshots: read.snapshots, manifests: read.manifests, bytesRead: read.bytes, entries: read.entries };
  shell.emitJson('summary', { plan, dryRun, rebuilt, damagedCatalog: damagedCatalog ?? undefined, ...facts, exitCode, seconds: seconds(duration) });
}
