/** A restore for a person: one line that moves on a terminal, a line now and then elsewhere, the summary at the end. */
import type { RestoreSummary } from '../../actions/restore.ts';
import { formatBytes, formatCount, formatDuration } from '../../core/units.ts';
import { describeEvent } from '../../core/event-text.ts';
import type { BatEvent } from '../../core/events.ts';
import { ProgressLine } from '../../runner/progress.ts';
import type { Shell } from '../shell.ts';
import type { EventView } from './event-view.ts';
import { readingNoticeOf, showNotice } from './notices.ts';
import { StatusLine } from './status-line.ts';
import { showOffer } from './thaw-offer.ts';

const betweenLines = 30_000;

/** Failures of single files are not shown by it on a terminal: the error at the end names them. */
export function restoreView(shell: Shell, { quiet, now = Date.now }: { quiet: boolean; now?: () => number }): EventView {
  const progress = new ProgressLine(now());
  const status = shell.out.isTerminal && !quiet ? new StatusLine(shell.out) : null;
  let last = now();
  const show = (event: Extract<BatEvent, { type: 'restore-progress' }>): void => {
    const text = `${progress.text({ ...event, objects: 0 }, now())} · ${formatBytes(event.fetched)} read`;
    if (status) return status.set(text);
    if (quiet || now() - last < betweenLines) return;
    last = now();
    shell.out.line(text);
  };
  // What went wrong on a target may turn out to be what the restore ends with, and is then said once.
  const troubles: BatEvent[] = [];
  const tell = (event: BatEvent): void => {
    const notice = readingNoticeOf(event);
    if (!notice) return;
    if (status) status.above(() => showNotice(shell, notice));
    else showNotice(shell, notice);
  };
  const tellThaw = (event: BatEvent): void => {
    const line = describeEvent(event);
    if (quiet || !line) return;
    if (status) status.above(() => shell.out.line(line.text));
    else shell.out.line(line.text);
  };
  return {
    emit: (event) => {
      if (isTrouble(event)) return void troubles.push(event);
      for (const trouble of troubles.splice(0)) tell(trouble);
      if (event.type === 'restore-progress') show(event);
      else if (event.type === 'thaw-requested' || event.type === 'thaw-waiting') tellThaw(event);
      else if (!status || !isFailure(event)) tell(event);
    },
    finish: (error) => {
      status?.clear();
      for (const trouble of troubles.splice(0)) if (!(error instanceof Error) || !isSaid(trouble, error)) tell(trouble);
      return false;
    },
  };
}

export function showRestored(shell: Shell, summary: RestoreSummary, where: string, dryRun: boolean): void {
  const { out } = shell;
  const { files, bytes, fetched, objects, skipped, duration } = summary;
  const what = `${formatCount(files, 'file')}, ${formatBytes(bytes)}`;
  for (const { id, target } of summary.snapshots) out.line(out.colours.dim(`snapshot ${id}, from ${target}`));
  if (dryRun) {
    for (const offer of summary.cold) showOffer(out, offer);
    for (const { target, bytes: size, reads, objects: count } of summary.reads) {
      out.line(`would read ${formatBytes(size)} from ${target}, in ${formatCount(reads, 'read')} of ${formatCount(count, 'object')}`);
    }
    if (summary.reads.length === 0) out.line('would read nothing but the manifest');
    out.line(`would restore ${what} to ${where}; nothing was written`);
  } else {
    out.line(`read ${formatBytes(fetched)} in ${formatCount(objects, 'object')}`);
    out.line(out.colours.green(`restored ${what} to ${where} in ${formatDuration(duration)}`));
  }
  if (skipped > 0) out.line(`${formatCount(skipped, 'entry', 'entries')} ${skipped === 1 ? 'was' : 'were'} there and ${skipped === 1 ? 'stays as it is' : 'stay as they are'}`);
}

/** About a target, or an object on it: the failures that come of it are told apart. */
export function isTrouble(event: BatEvent): boolean {
  return event.type === 'target-failed' || (event.type === 'issue' && event.issue.kind === 'note' && event.target !== undefined);
}

/** The same trouble with each of several manifests is said by the error about the first of them. */
export function isSaid(event: BatEvent, { message }: Error): boolean {
  if (event.type === 'target-failed') return message.includes(event.message);
  if (event.type !== 'issue') return false;
  const { issue } = event;
  return message.includes(issue.message) || issue.message.replace(issue.path ?? '', '') === message.replace(/^\S+/, '');
}

/** A file, in contrast to a note about a target or the plan. */
function isFailure(event: BatEvent): boolean {
  return event.type === 'issue' && event.issue.kind !== 'note' && event.issue.kind !== 'doubtful';
}
