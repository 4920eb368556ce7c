/** What the summary at the end of a run is made of, gathered from its events. */
import { describePruned } from '../../core/event-text.ts';
import type { BatEvent, SourceSummary } from '../../core/events.ts';
import type { Output } from '../output.ts';
import { runSentence, showRunTable } from './run-summary.ts';

export class RunFacts {
  readonly summaries = new Map<string, SourceSummary>();
  readonly #failedTargets: string[] = [];
  #pruned: string | null = null;
  #isPruneFailed = false;
  #end: { exitCode: number; duration: number } | null = null;

  take(event: BatEvent): void {
    if (event.type === 'source-end') this.summaries.set(event.source, event.summary);
    else if (event.type === 'target-failed') this.#failedTargets.push(event.target);
    else if (event.type === 'pruned') this.#pruned = describePruned(event);
    else if (event.type === 'prune-failed') this.#isPruneFailed = true;
    else if (event.type === 'run-end') this.#end = event;
  }

  /** Nothing, and false, if the run has not even begun. */
  show(output: Output): boolean {
    if (!this.#end) return false;
    const { exitCode } = this.#end;
    const unread = [...this.summaries.values()].reduce((sum, { unreadFiles }) => sum + unreadFiles, 0);
    const { green, red, yellow } = output.colours;
    if (this.summaries.size > 0) output.line();
    showRunTable(output, this.summaries, exitCode);
    if (this.summaries.size > 0) output.line();
    if (this.#pruned !== null) output.line(this.#pruned);
    const paint = exitCode === 0 ? green : exitCode === 3 || exitCode === 4 ? yellow : red;
    output.line(paint(runSentence({ ...this.#end, failedTargets: this.#failedTargets, isPruneFailed: this.#isPruneFailed }, unread)));
    return true;
  }
}
