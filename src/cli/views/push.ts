/** A push for a person: one line that moves on a terminal, a line now and then elsewhere, what it came to at the end. */
import type { PushEvent, PushSummary } from '../../actions/push.ts';
import { visible } from '../../core/event-text.ts';
import type { Emit } from '../../core/events.ts';
import { formatBytes, formatCount, formatDuration } from '../../core/units.ts';
import { ProgressLine } from '../../runner/progress.ts';
import { seconds, type JsonFields } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import { eventsJsonView } from './events-json.ts';
import { readingNoticeOf, showNotice } from './notices.ts';
import { StatusLine } from './status-line.ts';

export interface PushView {
  emit: Emit;
  tell(this: void, event: PushEvent): void;
  finish(this: void, summary: PushSummary): void;
  /** Leaves the terminal clean. */
  clear(this: void): void;
}

const betweenLines = 30_000;
/** The line that moves need not move faster. */
const betweenMoves = 100;

export function pushView(shell: Shell, { quiet, dryRun, now = Date.now }: { quiet: boolean; dryRun: boolean; now?: () => number }): PushView {
  if (shell.json) return jsonView(shell);
  const { out } = shell;
  const status = out.isTerminal && !quiet ? new StatusLine(out) : null;
  let progress = new ProgressLine(now());
  let last = now();
  let isWatching = false;
  const say = (text: () => string): void => {
    if (quiet || now() - last < (status ? betweenMoves : betweenLines)) return;
    last = now();
    if (status) status.set(text());
    else out.line(text());
  };
  const line = (text: string): void => {
    if (quiet) return;
    if (status) status.above(() => out.line(text));
    else out.line(text);
  };
  return {
    emit: (event) => {
      if (event.type === 'push-progress') return say(() => progress.text({ ...event, objects: 0 }, now()));
      const notice = readingNoticeOf(event);
      if (!notice) return;
      if (status) status.above(() => showNotice(shell, notice));
      else showNotice(shell, notice);
    },
    tell: (event) => {
      switch (event.type) {
        case 'looking':
          if (event.files === 0) progress = new ProgressLine(now());
          return say(() => `looking · ${formatCount(event.files, 'file')} · ${formatBytes(event.bytes)}`);
        case 'file':
          // Of a first push there may be thousands: they are counted.
          if (dryRun || isWatching) line(fileLine(event, dryRun));
          return undefined;
        case 'watching': {
          const text = `watching ${formatCount(event.folders, 'folder')}; Ctrl-C ends it`;
          if (status) status.set(text);
          else if (!isWatching) line(text);
          isWatching = true;
        }
      }
    },
    finish: (summary) => {
      status?.clear();
      showSummary(shell, summary, dryRun);
    },
    clear: () => status?.clear(),
  };
}

function fileLine({ path, to, bytes, stored }: Extract<PushEvent, { type: 'file' }>, dryRun: boolean): string {
  const where = to === null ? '' : ` → ${visible(to)}`;
  const what = dryRun ? 'would send' : stored ? 'sent' : 'is there:';
  return `${what} ${visible(path)}${where}, ${formatBytes(bytes)}`;
}

function jsonView(shell: Shell): PushView {
  let isWatching = false;
  const tell = (event: PushEvent): void => {
    if (event.type === 'file') shell.emitJson('file', { path: event.path, to: event.to ?? undefined, bytes: event.bytes, stored: event.stored });
    if (event.type !== 'watching' || isWatching) return;
    isWatching = true;
    shell.emitJson('watching', { folders: event.folders });
  };
  return { emit: eventsJsonView(shell).emit, tell, finish: () => {}, clear: () => {} };
}

function showSummary({ out }: Shell, { sent, there, skipped, duration }: PushSummary, dryRun: boolean): void {
  const amount = ({ files, bytes }: PushSummary['sent']): string => `${formatCount(files, 'file')}, ${formatBytes(bytes)}`;
  const known = `${amount(there)}, ${there.files === 1 ? 'was' : 'were'} there already`;
  const also = there.files > 0 ? `; ${known}` : '';
  if (dryRun) out.line(`would send ${amount(sent)}${also}; nothing was sent`);
  else if (sent.files === 0) out.line(out.colours.green(`nothing had to be sent${there.files > 0 ? `: ${known}` : ''} (${formatDuration(duration)})`));
  else out.line(out.colours.green(`sent ${amount(sent)}, in ${formatDuration(duration)}${also}`));
  const left = [...(skipped.symlinks > 0 ? [formatCount(skipped.symlinks, 'symlink')] : []), ...(skipped.special > 0 ? [formatCount(skipped.special, 'socket, fifo or device', 'sockets, fifos or devices')] : [])];
  if (left.length > 0) out.line(out.colours.dim(`passed over: ${left.join(', ')}`));
}

export function pushFields(url: string, { sent, there, skipped, unread, changed, refused, duration }: PushSummary, { dryRun, exitCode }: { dryRun: boolean; exitCode: number }): JsonFields {
  return { url, dryRun, exitCode, seconds: seconds(duration), sent, there, skipped, unread, changed, refused };
}
