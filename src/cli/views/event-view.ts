/** A view shows the events of a run or a restore to one kind of reader. It is driven by them alone. */
import type { Emit } from '../../core/events.ts';

export interface EventView {
  emit: Emit;
  /**
   * Once all is over, however it ended: shows what was held back, and the summary if there is one. `error` is what it
   * ended with, if anything, and is shown by others. True if the view said how it ended.
   */
  finish(error?: unknown): boolean;
}
