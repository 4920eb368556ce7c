/** The events of a run or a restore as JSON lines. docs/json.md describes every line that can come. */
import type { BatEvent } from '../../core/events.ts';
import { seconds, snakeCase, type JsonFields } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import type { EventView } from './event-view.ts';
import { isProgress, Status, type Progress } from './status.ts';

/** `now` in milliseconds. */
export function eventsJsonView(shell: Shell, now: () => number = Date.now): EventView {
  const status = new Status(now);
  const sources: JsonFields[] = [];
  return {
    emit: (event) => {
      if (isProgress(event)) {
        const fields = status.take(event);
        if (fields) shell.emitJson('status', fields);
        return;
      }
      if (event.type === 'source-end') sources.push({ source: event.source, ...sourceFields(event) });
      const { type, fields } = toLine(event, sources);
      shell.emitJson(type, fields);
    },
    finish: () => false,
  };
}

type Shown = Exclude<BatEvent, Progress>;

function toLine(event: Shown, sources: readonly JsonFields[]): { type: string; fields: JsonFields } {
  const { type, ...rest } = event;
  switch (event.type) {
    case 'issue':
      return { type, fields: { source: event.source, target: event.target, ...event.issue } };
    case 'retry':
      return {
        type,
        fields: {
          target: event.target,
          step: event.step,
          message: event.message,
          reason: event.reason,
          away: event.away,
          attempt: event.attempt,
          attempts: event.attempts,
          waitSeconds: seconds(event.wait),
          secondsLeft: event.left === undefined ? undefined : seconds(event.left),
        },
      };
    case 'target-back':
      return { type: 'target_back', fields: { target: event.target, afterSeconds: seconds(event.after) } };
    case 'thaw-waiting':
      return { type: 'thaw_waiting', fields: { target: event.target, objects: event.objects, bytes: event.bytes, waitSeconds: seconds(event.wait) } };
    case 'source-end':
      return { type: 'source_summary', fields: { source: event.source, ...sourceFields(event) } };
    case 'run-end':
      return { type: 'summary', fields: { run: event.run, exitCode: event.exitCode, seconds: seconds(event.duration), sources } };
    default:
      return { type: type.replace('-', '_'), fields: rest };
  }
}

function sourceFields({ snapshot, summary }: Extract<BatEvent, { type: 'source-end' }>): JsonFields {
  const { read, stored, duration, ...rest } = summary;
  return snakeCase({ snapshot, ...rest, bytesRead: read, bytesSent: stored, seconds: seconds(duration) });
}
