/** What a check of targets finds, a line each, as it goes on; and the same as JSON. */
import type { CheckEvent, CheckOutlook, CheckResult, CheckSummary, TellCheck } from '../../actions/targets-check.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatCount, formatNumber } from '../../core/units.ts';
import { seconds } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import { StatusLine } from './status-line.ts';

export interface TargetsCheckView {
  tell: TellCheck;
  /** The last words, once all targets are checked. */
  finish(plan: string, summaries: readonly CheckSummary[]): void;
  /** Leaves the terminal clean. */
  clear(): void;
}

export function targetsCheckView(shell: Shell): TargetsCheckView {
  const { out } = shell;
  const { bold, dim, green, red } = out.colours;
  const status = out.isTerminal ? new StatusLine(out) : null;
  let isFirst = true;
  let location = '';
  const line = (text = ''): void => (status ? status.above(() => out.line(text)) : out.line(text));
  const tell = (event: CheckEvent): void => {
    switch (event.type) {
      case 'target':
        if (!isFirst) line();
        isFirst = false;
        return line(`${bold(event.target)} · ${event.kind}`);
      case 'outlook':
        location = event.outlook.location;
        return outlookLines(event.outlook).forEach((text) => line(dim(text)));
      case 'begins':
        return status?.set(`  ${event.title}`);
      case 'cleaning':
        return status?.set('  removes what was stored');
      case 'result':
        return resultLines(shell, event.result).forEach(line);
      case 'summary':
        status?.clear();
        return summaryLines(event.summary, location).forEach(({ text, isWrong }) => line(isWrong ? red(text) : dim(text)));
    }
  };
  const finish = (_plan: string, summaries: readonly CheckSummary[]): void => {
    if (summaries.length === 1) return;
    const wrong = summaries.filter(({ ok }) => !ok).map(({ target }) => target);
    line();
    line(wrong.length === 0 ? green(`All ${summaries.length} targets work.`) : red(`${formatCount(wrong.length, 'target')} of ${summaries.length} ${wrong.length === 1 ? 'has' : 'have'} to be mended: ${wrong.join(', ')}.`));
  };
  return { tell, finish, clear: () => status?.clear() };
}

export function targetsCheckToJson(shell: Shell): TargetsCheckView {
  const tell = (event: CheckEvent): void => {
    if (event.type === 'outlook') {
      const { target, location, checks, sends, capabilities, appendOnly, minimum } = event.outlook;
      shell.emitJson('target_start', { target, location, checks, sends, ...capabilities, ...(appendOnly ? { appendOnly } : {}), ...(minimum ? { storageClass: minimum.storageClass, minimumDays: minimum.days } : {}) });
    } else if (event.type === 'result') {
      const { target, id, title, status, failure, retries, duration } = event.result;
      shell.emitJson('check', { target, check: id, title, status, ...failure, retries, seconds: seconds(duration) });
    } else if (event.type === 'summary') {
      const { sent, ...summary } = event.summary;
      shell.emitJson('target_summary', { ...summary, bytesSent: sent });
    }
  };
  const finish = (plan: string, summaries: readonly CheckSummary[]): void => {
    shell.emitJson('summary', { plan, exitCode: shell.exitCode, failed: summaries.filter(({ ok }) => !ok).map(({ target }) => target) });
  };
  return { tell, finish, clear: () => {} };
}

function outlookLines({ location, sends, capabilities, appendOnly, minimum }: CheckOutlook): string[] {
  const { partSize, parallel, mostParts, listsLate } = capabilities;
  const facts = [`parts of ${formatBytes(partSize)}`, mostParts !== undefined && `${formatNumber(mostParts)} at most`, `${parallel} at a time`, listsLate === true && 'listings may be late'];
  return [
    `  stores about ${formatBytes(sends)} in ${location}, and removes it again`,
    `  ${facts.filter((fact) => fact !== false).join(', ')}`,
    ...(appendOnly ? ['  its token may only add: what a plan stores there is neither replaced nor removed, so old snapshots stay; only in the place of this check it may'] : []),
    ...(minimum ? [`  one object of 1,000 bytes goes to ${minimum.storageClass}, where it is paid for ${minimum.days} days: far less than a cent. All else is hot.`] : []),
  ];
}

function resultLines(shell: Shell, { title, status, failure, retries }: CheckResult): string[] {
  const { cyan, dim, green, red, yellow } = shell.out.colours;
  const again = retries === 0 ? '' : yellow(` (tried again ${retries === 1 ? 'once' : `${retries} times`})`);
  if (status === 'passed') return [`  ${green('✓')} ${title}${again}`];
  if (status === 'skipped') return [dim(`  – ${title}: not asked, since it has nothing of the kind`)];
  return [`  ${red('✗')} ${title}${again}`, `    ${visible(failure!.message)}`, ...(failure!.hint === undefined ? [] : [`    ${cyan('hint:')} ${visible(failure!.hint)}`])];
}

function summaryLines({ passed, failed, leftOut, sent, calls, storageClass, leftBehind }: CheckSummary, location: string): { text: string; isWrong: boolean }[] {
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, leftOut > 0 && `${leftOut} not asked, since nothing works without the one before`];
  const classes = Object.entries(storageClass ?? {}).map(([temperature, name]) => `${temperature === 'cold' ? 'volumes' : 'the rest'}: ${name}`);
  const lines = [{ text: `  ${counts.filter((count) => count !== false).join(', ')}`, isWrong: failed > 0 }];
  if (calls > 0) lines.push({ text: `  ${formatBytes(sent)} sent in ${formatCount(calls, 'call')}${classes.length > 0 ? ` · storage class of ${classes.join(', of ')}` : ''}`, isWrong: false });
  if (leftBehind.length > 0) lines.push({ text: `  could not be removed: ${leftBehind.map(visible).join(', ')}. Remove ${location} by hand.`, isWrong: true });
  else if (calls > 0) lines.push({ text: '  nothing of it is left there', isWrong: false });
  return lines;
}
