/** What a run would do: its sources, its targets, and what stands in its way. */
import type { DryRunReport } from '../../actions/dry-run.ts';
import { exitCodes } from '../../core/errors.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatNumber } from '../../core/units.ts';
import { seconds, snakeCase } from '../json-line.ts';
import { showError } from '../report-error.ts';
import type { Shell } from '../shell.ts';
import { showCosts } from './dry-run-costs.ts';
import { showNotice } from './notices.ts';
import { showTable } from './show-table.ts';
import type { Column } from './table.ts';

type SourceReport = DryRunReport['sources'][number];
type TargetReport = DryRunReport['targets'][number];

const mostShown = 20;
const right = (title: string): Column => ({ title, align: 'right' });

/** As a run would end that finds the same. */
export function dryRunExitCode({ sources, targets }: DryRunReport): number {
  const failed = sources.find(({ error }) => error);
  if (failed) return exitCodeOf(failed.error!.code);
  const unreachable = targets.filter(({ reachable }) => !reachable).length;
  if (unreachable > 0) return unreachable === targets.length ? exitCodes.TARGET_UNREACHABLE : exitCodes.TARGETS_INCOMPLETE;
  const isUnread = sources.some(({ issues }) => issues.some(({ kind }) => kind === 'unread' || kind === 'changed' || kind === 'vanished'));
  return isUnread ? exitCodes.SOURCE_UNREADABLE : 0;
}

/** `quiet`: only what stands in the way. */
export function showDryRun(shell: Shell, report: DryRunReport, quiet: boolean): void {
  const { out } = shell;
  if (!quiet) {
    out.line(out.colours.bold(`A run of ${report.plan} would do this. Nothing was written.`));
    out.line();
    showTable(out, sourceForm(report.sources));
    out.line();
    showTable(out, targetForm(report.targets));
    showCosts(out, report.targets);
    if (report.forgets) showForgets(out, report.forgets);
    if (report.notes.length > 0) out.line();
    for (const note of report.notes) out.line(note);
  }
  for (const { source, issues, error } of report.sources) {
    for (const { path, message } of issues.slice(0, mostShown)) showNotice(shell, { severity: 'warning', text: `${source}: ${path === undefined ? '' : `${visible(path)}: `}${message}` });
    if (issues.length > mostShown) shell.err.line(`and ${formatCount(issues.length - mostShown, 'more', 'more')} in ${source}; see them all with --json`);
    if (error) showError(shell, { message: `${source}: ${error.message}`, hint: error.hint });
  }
  for (const { target, problem } of report.targets) if (problem !== undefined) showNotice(shell, { severity: 'error', text: `${target}: ${problem}` });
}

export function dryRunToJson(shell: Shell, report: DryRunReport): void {
  for (const { issues, ...source } of report.sources) {
    for (const issue of issues) shell.emitJson('issue', { source: source.source, ...issue });
    shell.emitJson('dry_run_source', { ...source });
  }
  for (const { costs, ...target } of report.targets) shell.emitJson('dry_run_target', costs ? { ...target, costs: costFields(costs) } : { ...target });
  shell.emitJson('summary', { plan: report.plan, dryRun: true, exitCode: dryRunExitCode(report), sources: report.sources.map(({ issues, ...source }) => snakeCase({ ...source, issues: issues.length })), forgets: report.forgets, notes: report.notes });
}

function showForgets(out: Shell['out'], { snapshots, kept, frees }: NonNullable<DryRunReport['forgets']>): void {
  out.line();
  if (snapshots.length === 0) return out.line(`By the retention of the plan no snapshot would go; ${formatCount(kept, 'snapshot')} and the new ones stay.`);
  const freed = Object.entries(frees).map(([target, bytes]) => `${formatBytes(bytes)} on ${target}`).join(', ');
  out.line(`At the end ${formatCount(snapshots.length, 'snapshot')} would be forgotten by the retention of the plan${freed && `, which frees at least ${freed}`}; ${formatNumber(kept)} and the new ones stay:`);
  for (const id of snapshots.slice(0, mostShown)) out.line(`  ${id}`);
  if (snapshots.length > mostShown) out.line(`  and ${formatCount(snapshots.length - mostShown, 'more', 'more')}; \`bat prune --dry-run\` explains each of them`);
}

function costFields({ restores, ...costs }: NonNullable<TargetReport['costs']>): Record<string, unknown> {
  return { ...snakeCase(costs), restores: restores.map(({ tier, least, most, cost }) => snakeCase({ tier, leastSeconds: seconds(least), mostSeconds: seconds(most), cost })) };
}

function sourceForm(sources: readonly SourceReport[]): { columns: Column[]; rows: string[][] } {
  return {
    columns: [{ title: 'source', least: 8 }, right('files'), right('size'), right('new'), right('changed'), right('removed'), right('to read'), right('volumes ≤')],
    rows: sources.map((source) =>
      source.error
        ? [source.source, 'fails']
        : [source.source, formatNumber(source.files), formatBytes(source.bytes), formatNumber(source.newFiles), formatNumber(source.changedFiles), formatNumber(source.removedFiles), formatBytes(source.toRead), formatNumber(source.newVolumes)],
    ),
  };
}

function targetForm(targets: readonly TargetReport[]): { columns: Column[]; rows: string[][] } {
  return {
    columns: [{ title: 'target', least: 8 }, { title: 'type' }, { title: 'where', least: 10 }, right('stored'), right('sends ≤'), right('copies'), right('removes')],
    rows: targets.map((target) =>
      target.reachable
        ? [target.target, target.type, target.location, formatBytes(target.stored), formatBytes(target.sends), copiesOf(target), target.removes.objects === 0 ? '–' : formatCount(target.removes.objects, 'object')]
        : [target.target, target.type, target.location, 'not there'],
    ),
  };
}

function copiesOf({ copies }: TargetReport): string {
  return copies.objects === 0 ? '–' : formatBytes(copies.bytes);
}

function exitCodeOf(code: string): number {
  return exitCodes[code as keyof typeof exitCodes] ?? 1;
}
