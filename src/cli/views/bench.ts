/** What a bench found: the machine, what was used of it, each step, each target, and what holds a run up. */
import type { BenchEvent, BenchReport } from '../../actions/bench.ts';
import { exitCodes } from '../../core/errors.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatRate } from '../../core/units.ts';
import { seconds, snakeCase } from '../json-line.ts';
import { showError } from '../report-error.ts';
import type { Shell } from '../shell.ts';
import { showNotice } from './notices.ts';
import { showTable, type TableForm } from './show-table.ts';
import { StatusLine } from './status-line.ts';
import type { Column } from './table.ts';
import { wrap } from './wrap.ts';

export interface BenchProgress {
  tell(event: BenchEvent): void;
  /** Leaves the terminal clean. */
  clear(): void;
}

type Step = BenchReport['steps'][number];

const mostShown = 20;
/** Columns of what stands before a fact. */
const titleWidth = 9;
/** Of what a first run at this rate is said. */
const usualAmount = 2 ** 40;
const right = (title: string): Column => ({ title, align: 'right' });
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const thousandths = (share: number): number => Math.round(share * 1000) / 1000;
const rateOf = (rate: number | null): string => (rate === null ? '–' : formatRate(rate));
const aSecond = (count: number, time: number): string => formatNumber(Math.round((count / time) * 1000));

/** One line that says what goes on, on a terminal. */
export function benchProgress(shell: Shell): BenchProgress {
  const status = shell.err.isTerminal && !shell.json ? new StatusLine(shell.err) : null;
  return {
    tell: (event) => status?.set(event.type === 'source' ? `reads ${event.source}: ${formatBytes(event.bytes)}` : `sends test objects to ${event.target}, and reads them back`),
    clear: () => status?.clear(),
  };
}

/** That of the first source or target that failed; else whether something could not be read. */
export function benchExitCode({ sources, targets }: BenchReport): number {
  const failed = [...sources, ...targets].find(({ error }) => error);
  if (failed) return exitCodes[failed.error!.code];
  if (targets.some(({ leftBehind }) => leftBehind.length > 0)) return exitCodes.TARGET_FAILED;
  return sources.some(({ issues }) => issues.some(({ kind }) => kind === 'unread')) ? exitCodes.SOURCE_UNREADABLE : 0;
}

export function showBench(shell: Shell, report: BenchReport): void {
  const { out } = shell;
  const { bold, dim } = out.colours;
  const say = sayer(out);
  say(`A first run of ${report.plan}, measured. Nothing of it was stored.`, bold);
  out.line();
  for (const [title, text] of facts(report)) out.line(`${dim(title.padEnd(titleWidth))}${wrap(text, out.width, titleWidth).join('\n')}`);
  if (report.steps.length > 0) {
    out.line();
    showTable(out, stepForm(report.steps), narrowStepForm(report.steps));
    say('busy: neither waiting for the step before nor for those after. Steps are busy at the same time.', dim);
  }
  if (report.targets.length > 0) {
    out.line();
    showTable(out, targetForm(report.targets));
  }
  showVerdict(shell, report);
  if (report.notes.length > 0) out.line();
  for (const note of report.notes) say(note, dim);
  showProblems(shell, report);
}

export function benchToJson(shell: Shell, report: BenchReport): void {
  const { machine, sources, steps, targets, use, verdict, wall, bytes, files, plan, notes } = report;
  shell.emitJson('machine', { ...machine });
  for (const { source, issues, error, wall: time, ...facts } of sources) {
    for (const issue of issues) shell.emitJson('issue', { source, ...issue });
    shell.emitJson('bench_source', { source, ...facts, seconds: seconds(time), issues: issues.length, ...error });
  }
  for (const { times, taken, given, rate, share, ...step } of steps) {
    shell.emitJson('bench_step', {
      ...step,
      share: thousandths(share),
      itemsTaken: taken.items,
      bytesTaken: taken.bytes,
      itemsGiven: given.items,
      bytesGiven: given.bytes,
      secondsBusy: seconds(times.working),
      secondsStarved: seconds(times.starved),
      secondsHeld: seconds(times.held),
      bytesPerSecond: rate === null ? null : Math.round(rate),
    });
  }
  for (const { target, location, sent, up, down, smallObject, limits, leftBehind, error } of targets) {
    const rounded = (rate: number | null): number | null => (rate === null ? null : Math.round(rate));
    shell.emitJson('bench_target', { target, location, bytesSent: sent, bytesPerSecondUp: rounded(up), bytesPerSecondDown: rounded(down), smallObjectSeconds: smallObject === null ? null : seconds(smallObject), limits, leftBehind, ...error });
  }
  const { user, system, mainLoop, threads, peakMemory, others, io } = use;
  shell.emitJson('summary', {
    plan,
    exitCode: shell.exitCode,
    seconds: seconds(wall),
    files,
    bytes,
    bytesPerSecond: wall === 0 ? null : Math.round((bytes / wall) * 1000),
    userSeconds: seconds(user),
    systemSeconds: seconds(system),
    mainThreadBusy: thousandths(mainLoop),
    threadSeconds: threads && Object.fromEntries(Object.entries(threads).map(([name, time]) => [name, seconds(time)])),
    peakMemory,
    otherPrograms: others === null ? null : thousandths(others),
    io: io && snakeCase({ ...io }),
    bottleneck: verdict && snakeCase({ ...verdict, share: thousandths(verdict.share), rate: Math.round(verdict.rate) }),
    notes,
  });
}

function sayer(out: Shell['out']): (text: string, paint?: (line: string) => string) => void {
  return (text, paint = (line) => line) => {
    for (const line of wrap(text, out.width)) out.line(paint(line));
  };
}

function facts({ machine, wall, bytes, files, use }: BenchReport): [string, string][] {
  const { processor, cores, memory, system, node, bat } = machine;
  const { user, system: inSystem, threads, io, peakMemory } = use;
  const share = (time: number): string => `${formatDuration(time)} (${percent(wall === 0 ? 0 : time / wall)})`;
  const cpu = user + inSystem;
  return [
    ['machine', `${processor}, ${formatCount(cores, 'core')}, ${formatBytes(memory)} · ${system} · Node ${node}, bat ${bat}`],
    ['read', files === 0 && bytes > 0 ? `${formatBytes(bytes)}, the beginning of a file` : `${formatBytes(bytes)} in ${formatCount(files, 'file')}`],
    ['wall', wall === 0 ? '–' : `${formatDuration(wall)}, at ${formatRate((bytes / wall) * 1000)}${files === 0 ? '' : `, ${aSecond(files, wall)} files/s`}`],
    ['CPU', `${formatDuration(cpu)}: ${formatDuration(user)} user, ${formatDuration(inSystem)} system; ${wall === 0 ? '–' : (cpu / wall).toFixed(1)} of ${formatCount(cores, 'core')}`],
    ...(threads
      ? [['threads', `main ${share(threads.main)} · reading ${share(threads.reading)} · pool ${share(threads.pool)} · runtime ${share(threads.runtime)}`] satisfies [string, string]]
      : [['threads', `the main one was busy ${percent(use.mainLoop)} of the time`] satisfies [string, string]]),
    ['memory', `${formatBytes(peakMemory)} at the most`],
    ['I/O', io ? `${formatBytes(io.read)} read, ${formatBytes(io.readFromDisk)} of it from the disk; ${formatBytes(io.written)} written` : 'this system does not tell'],
  ];
}

function stepForm(steps: readonly Step[]): TableForm {
  return {
    columns: [{ title: 'step', least: 6 }, { title: 'what', least: 8 }, right('takes'), right('gives'), right('busy'), right('share'), right('rate')],
    rows: steps.map((step) => [step.step, whatOf(step), amountText(step.taken), amountText(step.given), formatDuration(step.times.working), percent(step.share), rateText(step)]),
  };
}

function narrowStepForm(steps: readonly Step[]): TableForm {
  return {
    columns: [{ title: 'step', least: 6 }, right('busy'), right('share'), right('rate')],
    rows: steps.map((step) => [step.step, formatDuration(step.times.working), percent(step.share), rateText(step)]),
  };
}

function whatOf({ kind, codec, level, targets }: Step): string {
  if (targets) return `${targets.join(', ')}: to nowhere`;
  if (codec !== undefined) return codec === 'none' ? codec : `${codec} ${level}`;
  const words: Record<string, string> = { select: 'finds', tar: 'reads, hashes, packs', files: 'reads, hashes', encrypt: 'age', record: 'catalog, manifest' };
  return words[kind] ?? kind;
}

/** The first step finds paths, whatever their size. */
function rateText({ rate, taken, given, times }: Step): string {
  return taken.items === 0 && given.items > 0 && times.working > 0 ? `${aSecond(given.items, times.working)} paths/s` : rateOf(rate);
}

function amountText({ items, bytes }: Step['taken']): string {
  return items === 0 ? '–' : formatBytes(bytes);
}

function targetForm(targets: BenchReport['targets']): TableForm {
  return {
    columns: [{ title: 'target', least: 8 }, right('sent'), right('up'), right('down'), right('small object'), { title: 'limits', least: 6 }],
    rows: targets.map(({ target, sent, up, down, smallObject, limits, error }) => (error ? [target, formatBytes(sent), 'fails'] : [target, formatBytes(sent), rateOf(up), rateOf(down), smallObject === null ? '–' : formatDuration(smallObject), limits.join(', ')])),
  };
}

function showVerdict({ out }: Shell, { verdict, sources, bytes }: BenchReport): void {
  if (!verdict) return;
  const say = sayer(out);
  const isWhole = sources.every((source) => source.isWhole);
  const amount = isWhole ? bytes : usualAmount;
  out.line();
  say(verdict.message, out.colours.bold);
  for (const advice of verdict.advice) say(advice);
  say(`At ${formatRate(verdict.rate)} a first run of ${isWhole ? `all of it, ${formatBytes(amount)},` : formatBytes(amount)} takes ${formatDuration((amount / verdict.rate) * 1000)}.`);
}

function showProblems(shell: Shell, { sources, targets }: BenchReport): void {
  for (const { source, issues, error } of sources) {
    for (const { path, message } of issues.slice(0, mostShown)) showNotice(shell, { severity: 'warning', text: `${source}: ${path === undefined ? '' : `${visible(path)}: `}${message}` });
    if (issues.length > mostShown) shell.err.line(`and ${formatCount(issues.length - mostShown, 'more', 'more')} in ${source}; see them all with --json`);
    if (error) showError(shell, { message: `${source}: ${error.message}`, hint: error.hint });
  }
  for (const { target, location, leftBehind, error } of targets) {
    if (error) showError(shell, { message: `${target}: ${error.message}`, hint: error.hint });
    if (leftBehind.length > 0) showError(shell, { message: `${target}: this could not be removed: ${leftBehind.map(visible).join(', ')}.`, hint: `Remove ${location} by hand.` });
  }
}
