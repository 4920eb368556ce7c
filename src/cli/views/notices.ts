/** Warnings and errors among events: shown as they come, or kept while something else has the terminal. */
import { describeEvent, visibleLines, type EventLine } from '../../core/event-text.ts';
import type { BatEvent } from '../../core/events.ts';
import { formatCount } from '../../core/units.ts';
import { showError } from '../report-error.ts';
import type { Shell } from '../shell.ts';

/** So many are shown at the end; the rest is counted. */
const mostShown = 20;

/** The line of an event that a person should see whatever view they chose; null for all others. */
export function noticeOf(event: BatEvent): EventLine | null {
  if (event.type === 'error' || event.type === 'source-end') return null;
  const line = describeEvent(event);
  const isNote = (event.type === 'issue' && event.issue.kind === 'note') || event.type === 'target-back' || event.type === 'target-waits';
  return line && (line.severity !== 'info' || isNote) ? line : null;
}

/** The same where targets are only read: one that cannot be used is not left behind, but passed over; an entry that is left out was refused. */
export function readingNoticeOf(event: BatEvent): EventLine | null {
  if (event.type === 'issue' && event.issue.kind === 'left-out') return { severity: 'warning', text: describeEvent(event)!.text };
  if (event.type !== 'target-failed') return noticeOf(event);
  return { severity: 'warning', text: `target ${event.target} is passed over: ${event.message}${event.hint === undefined ? '' : ` ${event.hint}`}` };
}

export function showNotice({ err }: Shell, { severity, text }: EventLine): void {
  const { dim, red, yellow } = err.colours;
  const [paint, word] = severity === 'error' ? [red, 'error'] : severity === 'warning' ? [yellow, 'warning'] : [dim, 'note'];
  err.line(`${paint(`${word}:`)} ${visibleLines(text)}`);
}

export class KeptNotices {
  readonly #shell: Shell;
  readonly #where: string;
  readonly #notices: EventLine[] = [];
  readonly #errors: Extract<BatEvent, { type: 'error' }>[] = [];
  #count = 0;

  /** `where`: the place of the rest, as the end of a sentence. */
  constructor(shell: Shell, where: string) {
    this.#shell = shell;
    this.#where = where;
  }

  take(event: BatEvent): void {
    if (event.type === 'error') this.#errors.push(event);
    const notice = noticeOf(event);
    if (!notice) return;
    this.#count++;
    if (this.#notices.length < mostShown) this.#notices.push(notice);
  }

  show(): void {
    for (const notice of this.#notices) showNotice(this.#shell, notice);
    const more = this.#count - this.#notices.length;
    if (more > 0) this.#shell.err.line(`and ${formatCount(more, 'more', 'more')}; ${this.#where}`);
    for (const error of this.#errors) showError(this.#shell, error);
  }
}
