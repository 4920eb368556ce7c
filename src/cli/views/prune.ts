/** What a prune decides and does: a table of snapshots for each source, then a line a target. */
import { hasWork, type PrunedTarget, type PruneReport } from '../../actions/prune/report.ts';
import { formatBytes, formatCount, formatMoney, formatNumber } from '../../core/units.ts';
import { snakeCase } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import { localTime } from './local-time.ts';
import { showNotice } from './notices.ts';
import { showTable } from './show-table.ts';
import type { Column } from './table.ts';

const right = (title: string): Column => ({ title, align: 'right' });
const size = (bytes: number): string => (bytes === 0 ? '–' : formatBytes(bytes));
const count = (number: number): string => (number === 0 ? '–' : formatNumber(number));

export function showDecisions({ out }: Shell, { sources }: PruneReport): void {
  const { bold, red } = out.colours;
  for (const { source, policy, decisions } of sources) {
    out.line(`${bold(source)}: ${policy ?? 'keeps everything'}`);
    showTable(out, {
      columns: [{ title: 'snapshot' }, { title: 'time' }, { title: 'keep' }, { title: 'why', least: 12 }],
      rows: decisions.map(({ snapshot, keep, reasons }) => [snapshot.id, localTime(new Date(snapshot.time)), keep ? 'keep' : red('forget'), reasons.join(', ')]),
    });
    out.line();
  }
  if (sources.length > 0 && sources.every(({ policy }) => policy === null)) out.line('The plan has no `retention`: nothing is forgotten, and only what nothing needs is removed.');
}

/** What goes, what it frees, and what is left for later. */
export function showTargets({ out }: Shell, { targets, emptied }: PruneReport): void {
  const isLate = targets.some(({ later }) => later !== null);
  showTable(out, {
    columns: [{ title: 'target', least: 6 }, right('manifests'), right('rewritten'), right('objects'), right('frees'), ...(isLate ? [right('later')] : [])],
    rows: targets.map(({ target, problem, away, manifests, rewritten, objects, bytes, later }) =>
      problem === null && away === null ? [target, count(manifests), count(rewritten), count(objects), size(bytes), ...(isLate ? [size(later?.bytes ?? 0)] : [])] : [target, away === null ? 'not now' : 'away'],
    ),
  });
  for (const line of targets.flatMap(notesOf)) out.line(line);
  if (emptied.volumes > 0) {
    out.line(`${formatCount(emptied.volumes, 'volume has', 'volumes have')} little in ${emptied.volumes === 1 ? 'it' : 'them'}: the next run reads ${formatBytes(emptied.again)} again and stores that anew; then they go.`);
  }
}

/** Only where nothing can be removed now, and why. */
export function showProblems(shell: Shell, { targets }: PruneReport): void {
  for (const target of targets) if (target.problem !== null) for (const text of notesOf(target)) showNotice(shell, { severity: 'warning', text });
}

/** `2 snapshots forgotten, 6 kept, 1.2 GiB freed`, or that there is nothing to do. */
export function pruneSentence(report: PruneReport): string {
  if (!hasWork(report)) {
    const kept = report.targets.filter(({ onlyAdds }) => onlyAdds).map(({ target }) => target);
    return kept.length === 0 ? 'Nothing is to be removed.' : `Nothing is removed: ${kept.join(', ')} ${kept.length === 1 ? 'lets' : 'let'} go of nothing with this token.`;
  }
  const { dryRun, forgotten, kept, targets } = report;
  const freed = targets.flatMap(({ target, problem, bytes }) => (problem === null && bytes > 0 ? [`${formatBytes(bytes)} on ${target}`] : [])).join(', ') || 'nothing';
  const would = dryRun ? 'would be ' : '';
  return `${formatCount(forgotten, 'snapshot')} ${would}forgotten, ${formatNumber(kept)} kept; ${would}freed: ${freed}.`;
}

/** Once: before anything is done, or in a dry run. */
export function decisionsToJson(shell: Shell, { sources }: PruneReport): void {
  for (const { source, policy, decisions } of sources) {
    for (const { snapshot, keep, reasons } of decisions) {
      shell.emitJson('decision', { source, policy, snapshot: snapshot.id, time: new Date(snapshot.time).toISOString(), keep, reasons, tags: snapshot.tags, protected: snapshot.protected });
    }
  }
}

export function pruneToJson(shell: Shell, { plan, dryRun, kept, forgotten, lost, emptied, ...report }: PruneReport, exitCode: number): void {
  const targets = report.targets.map((target) => snakeCase({ ...target }));
  for (const target of targets) shell.emitJson('prune_target', target);
  shell.emitJson('summary', { plan, dryRun, exitCode, kept, forgotten, lost, emptied, targets });
}

function notesOf({ target, problem, onlyAdds, away, later, early }: PrunedTarget): string[] {
  if (away !== null) return [`${target} is not there now: ${formatCount(away.snapshots, 'forgotten snapshot')} still ${away.snapshots === 1 ? 'lies' : 'lie'} on it, until a \`bat prune\` finds it there.`];
  if (onlyAdds) return [`${target}: ${problem} What is to go stays there, until a token with the right \`delete\` prunes it.`];
  if (problem !== null) return [`${target}: ${problem} What is to go from there goes with the next run or prune.`];
  const notes: string[] = [];
  if (later) {
    const cost = priceOf(later.cost);
    notes.push(`${target}: ${formatCount(later.objects, 'object')} (${formatBytes(later.bytes)}) stay until their minimum time is over, the last until ${localTime(later.until).slice(0, 10)}${cost && `: deleting them now would cost ${cost} for nothing`}. --early does it.`);
  }
  if (early) {
    const cost = priceOf(early.cost);
    notes.push(`${target}: ${formatCount(early.objects, 'object')} (${formatBytes(early.bytes)}) go before their minimum time is over${cost && `, which costs ${cost} for nothing`}.`);
  }
  return notes;
}

function priceOf({ amount, currency }: { amount: number | null; currency: string }): string {
  return amount === null ? '' : formatMoney(amount, currency);
}
