/** A run without a terminal: a line for each thing that happens, progress now and then, the summary at the end. */
import { describeEvent } from '../../core/event-text.ts';
import type { BatEvent } from '../../core/events.ts';
import { ProgressLine } from '../../runner/progress.ts';
import { showError } from '../report-error.ts';
import type { Shell } from '../shell.ts';
import type { EventView } from './event-view.ts';
import { showNotice } from './notices.ts';
import { RunFacts } from './run-facts.ts';

export interface LinesOptions {
  /** Lines of progress, too. */
  progress: boolean;
  /** Warnings and errors only. */
  quiet: boolean;
  now?: () => number;
}

const betweenProgress = 30_000;

export function runLinesView(shell: Shell, { progress, quiet, now = Date.now }: LinesOptions): EventView {
  const facts = new RunFacts();
  const ticker = progress && !quiet ? new Ticker(now) : null;
  return {
    emit: (event) => {
      facts.take(event);
      const text = ticker?.textOf(event);
      if (text) shell.out.line(text);
      if (event.type === 'error') return showError(shell, event);
      // What was forgotten is said in the summary.
      if (event.type === 'pruned') return;
      const line = describeEvent(event);
      if (line && line.severity !== 'info') showNotice(shell, line);
      else if (line && !quiet) shell.out.line(line.text);
    },
    finish: () => !quiet && facts.show(shell.out),
  };
}

/** A line of progress for the source that is being read, every half minute. */
class Ticker {
  readonly #now: () => number;
  readonly #lines = new Map<string, ProgressLine>();
  #last: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#last = now();
  }

  textOf(event: BatEvent): string | null {
    // Only the step that reads the files knows how much there is to do.
    if (event.type !== 'step-progress' || event.counts.totalBytes === undefined) return null;
    const now = this.#now();
    let line = this.#lines.get(event.source);
    if (!line) this.#lines.set(event.source, (line = new ProgressLine(now)));
    const text = line.text(event.counts, now);
    if (now - this.#last < betweenProgress) return null;
    this.#last = now;
    return `${event.source}: ${text}`;
  }
}
