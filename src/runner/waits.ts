/** What a run waits for at the moment, in one line that a person reads: targets that do not answer, or whose hours have not begun. */
import { describeRetry, describeWait } from '../core/event-text.ts';
import type { BatEvent } from '../core/events.ts';

export class Waits {
  /** Null for all. */
  readonly #targets: readonly string[] | null;
  readonly #texts = new Map<string, string>();

  constructor(targets: readonly string[] | null) {
    this.#targets = targets;
  }

  /** True if the text has changed. */
  take(event: BatEvent): boolean {
    const change = changeOf(event);
    if (!change || this.#targets?.includes(change.target) === false) return false;
    if (change.text === null) return this.#texts.delete(change.target);
    this.#texts.set(change.target, change.text);
    return true;
  }

  /** Empty if it waits for nothing. */
  get text(): string {
    return [...this.#texts.values()].join(' · ');
  }
}

function changeOf(event: BatEvent): { target: string; text: string | null } | null {
  switch (event.type) {
    case 'retry':
      // A call that failed among others that succeed does not keep the step from going on.
      return event.target !== undefined && event.away ? { target: event.target, text: describeRetry(event) } : null;
    case 'target-waits':
      return { target: event.target, text: `${event.target}: ${describeWait(event.until)}` };
    case 'target-back':
    case 'target-failed':
      return { target: event.target, text: null };
    default:
      return null;
  }
}
