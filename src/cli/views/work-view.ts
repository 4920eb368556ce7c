/** Work on targets for a person or a program: what is done at the moment on one line of a terminal, what went wrong as it comes. */
import type { Emit } from '../../core/events.ts';
import type { Shell } from '../shell.ts';
import { eventsJsonView } from './events-json.ts';
import { noticeOf, showNotice } from './notices.ts';
import { StatusLine } from './status-line.ts';

export interface WorkView {
  emit: Emit;
  say: (text: string) => void;
  clear: () => void;
}

/** `quiet`: no line that moves. */
export function workView(shell: Shell, { quiet = false } = {}): WorkView {
  const status = shell.err.isTerminal && !shell.json && !quiet ? new StatusLine(shell.err) : null;
  const tell = shell.json ? eventsJsonView(shell).emit : tellNotices(shell);
  return {
    emit: (event) => (status ? status.above(() => tell(event)) : tell(event)),
    say: (text) => status?.set(text),
    clear: () => status?.clear(),
  };
}

function tellNotices(shell: Shell): Emit {
  return (event) => {
    const notice = noticeOf(event);
    if (notice) showNotice(shell, notice);
  };
}
