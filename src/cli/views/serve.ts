/** What the server tells, line by line. */
import type { ServerEvent } from '../../server/server-event.ts';
import { visible } from '../../core/event-text.ts';
import { formatBytes, formatDuration } from '../../core/units.ts';
import { seconds } from '../json-line.ts';
import type { Shell } from '../shell.ts';

/** `quiet`: no line for a request. */
export function serverView(shell: Shell, quiet: boolean): (event: ServerEvent) => void {
  return (event) => {
    if (quiet && event.type === 'request') return;
    if (shell.json) toJson(shell, event);
    else show(shell, event);
  };
}

function toJson(shell: Shell, event: ServerEvent): void {
  const { type, ...fields } = event;
  const time = new Date().toISOString();
  if (event.type !== 'request') return shell.emitJson(type, { time, ...fields });
  const { milliseconds, type: _type, ...rest } = event;
  shell.emitJson('request', { time, ...rest, seconds: seconds(milliseconds) });
}

function show({ out, err }: Shell, event: ServerEvent): void {
  const { bold, dim, green, red, yellow } = out.colours;
  switch (event.type) {
    case 'listening': {
      out.line(`Serving on ${bold(event.url)}; Ctrl-C stops it.`);
      if (event.addresses.length > 0) out.line(`From other machines: ${event.addresses.map((url) => bold(url)).join(', ')}`);
      return;
    }
    case 'stopped': return out.line('Stopped.');
    // Names of files stand in these: one with a line break in it could write lines of its own into the log.
    case 'notice': return err.line(`${err.colours.yellow('note:')} ${visible(event.message)}${event.hint === undefined ? '' : ` ${event.hint}`}`);
    case 'failure': return err.line([`${err.colours.red('error:')} ${visible(event.message)}`, ...framesOf(event.stack ?? '')].join('\n'));
    case 'request': {
      const { status, user, address, method, path, bytesReceived, bytesSent, milliseconds } = event;
      const colour = status < 400 ? green : status < 500 ? yellow : red;
      const moved = [bytesReceived > 0 && `${formatBytes(bytesReceived)} in`, `${formatBytes(bytesSent)} out`].filter((text) => text !== false).join(', ');
      out.line(`${dim(clock())}  ${colour(String(status))}  ${user ?? '-'}  ${dim(address)}  ${method} ${path}  ${dim(`${moved}, ${formatDuration(milliseconds)}`)}`);
    }
  }
}

/** Without the message, which stands in front of them. */
function framesOf(stack: string): string[] {
  return stack.split('\n').filter((line) => /^ {4}at /.test(line)).map(visible);
}

/** `2026-11-20 18:52:19`, in local time. */
function clock(): string {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}
