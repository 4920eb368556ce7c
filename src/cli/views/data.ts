/** What is said, on standard error, while standard output is for data. */
import { describeEvent } from '../../core/event-text.ts';
import type { BatEvent } from '../../core/events.ts';
import type { Shell } from '../shell.ts';
import type { EventView } from './event-view.ts';
import { eventsJsonView } from './events-json.ts';
import { readingNoticeOf, showNotice } from './notices.ts';
import { isSaid, isTrouble } from './restore.ts';

export function dataView(shell: Shell): EventView {
  if (shell.json) {
    const { emit, finish } = eventsJsonView(shell);
    return { emit: (event) => event.type !== 'restore-progress' && emit(event), finish };
  }
  // What went wrong on a target may turn out to be what the command ends with, and is then said once.
  const troubles: BatEvent[] = [];
  return {
    emit: (event) => {
      if (isTrouble(event)) return void troubles.push(event);
      for (const trouble of troubles.splice(0)) tell(shell, trouble);
      tell(shell, event);
    },
    finish: (error) => {
      for (const trouble of troubles.splice(0)) if (!(error instanceof Error) || !isSaid(trouble, error)) tell(shell, trouble);
      return false;
    },
  };
}

function tell(shell: Shell, event: BatEvent): void {
  const isThaw = event.type === 'thaw-requested' || event.type === 'thaw-waiting';
  const notice = isThaw ? describeEvent(event) : readingNoticeOf(event);
  if (notice) showNotice(shell, notice);
}
