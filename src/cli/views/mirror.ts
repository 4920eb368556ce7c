/** A mirror for a person: one line that moves on a terminal, a line now and then elsewhere, what it came to at the end. */
import type { MirrorAction, MirrorResult } from '../../actions/mirror.ts';
import { visible } from '../../core/event-text.ts';
import type { Emit } from '../../core/events.ts';
import { formatBytes, formatCount, formatDuration } from '../../core/units.ts';
import { ProgressLine } from '../../runner/progress.ts';
import { seconds, type JsonFields } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import { eventsJsonView } from './events-json.ts';
import { localTime } from './local-time.ts';
import { readingNoticeOf, showNotice } from './notices.ts';
import { StatusLine } from './status-line.ts';

export interface MirrorView {
  emit: Emit;
  say(this: void, text: string): void;
  tell(this: void, action: MirrorAction): void;
  finish(this: void, result: MirrorResult): void;
  /** Leaves the terminal clean. */
  clear(this: void): void;
}

const betweenLines = 30_000;
/** The line that moves need not move faster. */
const betweenMoves = 100;

export function mirrorView(shell: Shell, { quiet, dryRun, now = Date.now }: { quiet: boolean; dryRun: boolean; now?: () => number }): MirrorView {
  if (shell.json) return jsonView(shell, dryRun);
  const { out } = shell;
  const status = out.isTerminal && !quiet ? new StatusLine(out) : null;
  let progress: ProgressLine | null = null;
  let last = now();
  return {
    emit: (event) => {
      if (event.type === 'mirror-progress') {
        progress ??= new ProgressLine(now());
        if (quiet || now() - last < (status ? betweenMoves : betweenLines)) return;
        last = now();
        const text = progress.text({ ...event, objects: 0 }, now());
        if (status) status.set(text);
        else out.line(text);
        return;
      }
      const notice = readingNoticeOf(event);
      if (!notice) return;
      if (status) status.above(() => showNotice(shell, notice));
      else showNotice(shell, notice);
    },
    say: (text) => status?.set(text),
    // Of a first mirror there may be thousands of files: they are counted.
    tell: (action) => {
      if (!dryRun || quiet) return;
      if (status) status.above(() => out.line(actionLine(action)));
      else out.line(actionLine(action));
    },
    finish: (result) => showResult(shell, result),
    clear: () => status?.clear(),
  };
}

function actionLine(action: MirrorAction): string {
  const size = `, ${formatBytes(action.bytes)}`;
  const path = visible(action.path);
  switch (action.action) {
    case 'send':
      return `would send ${path}${size}`;
    case 'remove':
      return `would remove ${path}${size}`;
    case 'wait':
      return `waits until ${localTime(new Date(action.until))}: ${path}${size}`;
    case 'aside':
      return `would lay aside ${visible(action.from)} → ${path}${size}`;
    default:
      return `would ${action.action} ${visible(action.from)} → ${path}${size}`;
  }
}

function jsonView(shell: Shell, dryRun: boolean): MirrorView {
  const tell = ({ action, path, bytes, ...rest }: MirrorAction): void => {
    // Without a dry run what waits is counted in the summary.
    if (action !== 'wait' || dryRun) shell.emitJson('file', { action, path, bytes, ...rest });
  };
  return { emit: eventsJsonView(shell).emit, say: () => {}, tell, finish: () => {}, clear: () => {} };
}

function showResult({ out }: Shell, { from, to, dryRun, same, sent, moved, copied, aside, removed, waiting, extra, failed, changed, unread, duration }: MirrorResult): void {
  const of = ({ files, bytes }: { files: number; bytes: number }): string => `${formatCount(files, 'file')}, ${formatBytes(bytes)}`;
  const counts: [string, { files: number; bytes: number }][] = [['sent', sent], ['moved', moved], ['copied there', copied], ['laid aside', aside], ['removed', removed]];
  out.line(`${from} → ${to}`);
  out.line(`  in place already: ${formatCount(same, 'file')}`);
  for (const [word, tally] of counts) if (tally.files > 0) out.line(`  ${dryRun ? 'would be ' : ''}${word}: ${of(tally)}`);
  if (waiting.files > 0) out.line(`  waiting to be removed: ${of(waiting)}, the first from ${localTime(new Date(waiting.next!))} on`);
  if (extra.files > 0) out.line(`  only there, and kept: ${of(extra)} (--delete removes such files after a time of grace)`);
  if (dryRun) out.line('nothing was changed');
  else out.line((failed + changed + unread > 0 ? out.colours.yellow : out.colours.green)(`mirrored in ${formatDuration(duration)}`));
}

export function mirrorFields({ duration, ...result }: MirrorResult, exitCode: number): JsonFields {
  const { from, to, dryRun, ...rest } = result;
  return { from, to, dryRun, exitCode, seconds: seconds(duration), ...rest };
}
