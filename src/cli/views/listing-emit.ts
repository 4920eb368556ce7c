/** What is said while something is listed: a target that does not answer, a catalog that is damaged. */
import type { Emit } from '../../core/events.ts';
import type { Shell } from '../shell.ts';
import { eventsJsonView } from './events-json.ts';
import { readingNoticeOf, showNotice } from './notices.ts';

export function listingEmit(shell: Shell): Emit {
  if (shell.json) return eventsJsonView(shell).emit;
  return (event) => {
    const notice = readingNoticeOf(event);
    if (notice) showNotice(shell, notice);
  };
}
