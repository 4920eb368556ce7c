/** A run on a terminal: listr2 paints the tree, warnings wait until it is done, then the summary. */
import type { Shell } from '../shell.ts';
import type { EventView } from './event-view.ts';
import { KeptNotices } from './notices.ts';
import { RunFacts } from './run-facts.ts';

/** `log`: the folder of the plan's log, or null. */
export function runTreeView(shell: Shell, log: string | null): EventView {
  const facts = new RunFacts();
  const notices = new KeptNotices(shell, log === null ? 'see them all with --no-progress' : `all of them are in ${log}`);
  return {
    emit: (event) => {
      facts.take(event);
      notices.take(event);
    },
    finish: () => {
      notices.show();
      return facts.show(shell.out);
    },
  };
}
