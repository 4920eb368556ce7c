/** Events as lines for a person: the log file and a terminal that is none both show these. Progress has no line. */
import type { BatEvent, Issue, RetryEvent, SourceSummary } from './events.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from './units.ts';

export type Severity = 'info' | 'warning' | 'error';

export interface EventLine {
  severity: Severity;
  text: string;
}

/** Null for events that only move a progress bar. Names and what others say stand in it, and none of them can paint on a terminal. */
export function describeEvent(event: BatEvent): EventLine | null {
  const line = lineOf(event);
  return line && { ...line, text: visibleLines(line.text) };
}

function lineOf(event: BatEvent): EventLine | null {
  switch (event.type) {
    case 'run-start':
      return info(`plan ${event.plan}, run ${event.run}: ${event.sources.join(', ')} → ${event.targets.join(', ')}`);
    case 'source-start':
      return info(`${event.source}: begins`);
    case 'issue':
      return describeIssue(event.issue, event.source ?? event.target);
    case 'retry':
      return event.repeated ? null : { severity: 'warning', text: describeRetry(event) };
    case 'target-waits':
      return info(`${event.target}: ${describeWait(event.until)}`);
    case 'target-back':
      return info(`${event.target}: back after ${formatDuration(event.after)}`);
    case 'target-failed':
      return { severity: 'error', text: withHint(`target ${event.target} is left behind: ${event.message}`, event.hint) };
    case 'source-end':
      return describeSourceEnd(event.source, event.summary);
    case 'error':
      return { severity: 'error', text: withHint(`${event.source ? `${event.source}: ` : ''}${event.message}`, event.hint) };
    case 'thaw-requested':
      return info(`${event.target}: asked for ${formatCount(event.objects, 'object')} (${formatBytes(event.bytes)}) to be thawed, ${event.tier}, readable for ${formatCount(event.days, 'day')}`);
    case 'thaw-waiting':
      return info(`${event.target}: ${formatCount(event.objects, 'object')} (${formatBytes(event.bytes)}) still thawing; looking again in ${formatDuration(event.wait)}`);
    case 'pruned':
      return info(describePruned(event));
    case 'prune-failed':
      return { severity: 'warning', text: withHint(`old snapshots could not be removed: ${event.message}`, event.hint) };
    case 'run-end':
      return info(`run ${event.run} ends after ${formatDuration(event.duration)} with exit code ${event.exitCode}`);
    case 'step-progress':
    case 'restore-progress':
    case 'copy-progress':
    case 'push-progress':
    case 'mirror-progress':
      return null;
  }
}

/** `cloud: no answer (the connection was refused); trying again in 30 s, for 5 h 59 min more`. */
export function describeRetry({ target, step, message, reason, attempt, attempts, wait, left }: RetryEvent): string {
  const tries = attempts === undefined ? '' : ` (try ${attempt + 1} of ${attempts})`;
  const time = left === undefined ? '' : left === 0 ? ', for the last time' : `, for ${formatDuration(left)} more`;
  const again = `rying again in ${formatDuration(wait)}${time}${tries}`;
  return `${target ?? step ?? ''}: ${reason === undefined ? `${message} T${again}.` : `${reason}; t${again}`}`;
}

/** `waits until 22:00`, in local time. */
export function describeWait(until: string): string {
  const time = new Date(until);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `waits until ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** `3 new, 1 changed, 2 removed`, or `nothing changed`. */
export function describeChanges(summary: SourceSummary): string {
  const parts = [
    { count: summary.newFiles, word: 'new' },
    { count: summary.changedFiles, word: 'changed' },
    { count: summary.removedFiles, word: 'removed' },
  ].filter(({ count }) => count !== 0);
  return parts.length === 0 ? 'no file changed' : parts.map(({ count, word }) => `${formatNumber(count)} ${word}`).join(', ');
}

/** `usb 12.3 MiB, attic 12.4 MiB`. */
export function describeStored(summary: SourceSummary): string {
  return Object.entries(summary.stored)
    .map(([target, bytes]) => `${target} ${formatBytes(bytes)}`)
    .join(', ');
}

/** `forgot 3 snapshots, kept 14, freed usb 1.2 GiB`. */
export function describePruned({ forgotten, kept, freed, later }: Extract<BatEvent, { type: 'pruned' }>): string {
  const bytes = (byTarget: Record<string, number>): string =>
    Object.entries(byTarget)
      .filter(([, amount]) => amount > 0)
      .map(([target, amount]) => `${target} ${formatBytes(amount)}`)
      .join(', ');
  const waiting = bytes(later);
  return `forgot ${formatCount(forgotten, 'snapshot')}, kept ${formatNumber(kept)}, freed ${bytes(freed) || 'nothing'}${waiting && `; paid for longer, and left until then: ${waiting}`}`;
}

function describeSourceEnd(source: string, summary: SourceSummary): EventLine {
  if (summary.status === 'failed') return { severity: 'error', text: `${source}: failed; the snapshots before it are as they were` };
  const facts = [
    `${formatCount(summary.files, 'file')}, ${formatBytes(summary.bytes)}`,
    describeChanges(summary),
    `read ${formatBytes(summary.read)}`,
    `sent ${describeStored(summary) || 'nothing'}`,
    formatDuration(summary.duration),
  ];
  const unread = summary.unreadFiles > 0 ? `; ${formatCount(summary.unreadFiles, 'file')} could not be read as they should` : '';
  return { severity: summary.unreadFiles > 0 ? 'warning' : 'info', text: `${source}: ${facts.join(' · ')}${unread}` };
}

function describeIssue(issue: Issue, where: string | undefined): EventLine {
  // A message about an object may begin with its name.
  const path = issue.path === undefined || issue.message.startsWith(`${issue.path} `) ? '' : `${visible(issue.path)}: `;
  const severity = issue.kind === 'note' || issue.kind === 'left-out' ? 'info' : 'warning';
  return { severity, text: `${where ? `${where}: ` : ''}${path}${issue.message}` };
}

/** A file's name as it may be shown: control characters and what is not text as escapes, so that no name can paint on a terminal. */
export function visible(name: string): string {
  // oxlint-disable-next-line no-control-regex
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|[\ud800-\udfff]/gu, (character) => {
    const code = character.charCodeAt(0);
    return code >= 0xdc80 && code <= 0xdcff ? `\\x${(code - 0xdc00).toString(16)}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same of a text that may have several lines. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

function info(text: string): EventLine {
  return { severity: 'info', text };
}

function withHint(text: string, hint: string | undefined): string {
  return hint ? `${text} ${hint}` : text;
}
