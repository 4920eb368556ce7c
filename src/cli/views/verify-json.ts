/** A verify as JSON lines. docs/json.md has each of them. */
import type { Finding, LostFile, TargetVerified } from '../../actions/verify.ts';
import { seconds, type JsonFields } from '../json-line.ts';
import type { Shell } from '../shell.ts';
import { eventsJsonView } from './events-json.ts';
import type { VerifyView } from './verify.ts';

const betweenLines = 200;

export function verifyToJson(shell: Shell, now: () => number = Date.now): VerifyView {
  let last = -Infinity;
  const findings: Record<string, number> = {};
  const status = (fields: JsonFields): void => {
    if (now() - last < betweenLines) return;
    last = now();
    shell.emitJson('status', fields);
  };
  return {
    emit: eventsJsonView(shell, now).emit,
    tell: (event) => {
      if (event.type === 'target') shell.emitJson('target_start', { target: event.target, location: event.location, objects: event.objects, bytes: event.bytes });
      else if (event.type === 'listing') status({ target: event.target, objectsDone: event.objects });
      else if (event.type === 'reading') status(readingFields(event));
      else if (event.type === 'finding') shell.emitJson('finding', findingFields(event.finding));
      else if (event.type === 'file') shell.emitJson('file', fileFields(event.file));
      else if (event.type === 'mended') shell.emitJson('mended', { target: event.target, name: event.name, how: event.how, from: event.from });
      else {
        findings[event.summary.target] = event.summary.damaged;
        shell.emitJson('target_summary', summaryFields(event.summary));
      }
    },
    finish: ({ damaged, files, duration, repair }, exitCode) => shell.emitJson('summary', { exitCode, seconds: seconds(duration), damaged, damagedByTarget: findings, files, mended: repair?.healed }),
    clear: () => {},
  };
}

function readingFields({ target, objects, bytes, totalObjects, totalBytes }: { target: string; objects: number; bytes: number; totalObjects: number; totalBytes: number }): JsonFields {
  return { target, percentDone: totalBytes === 0 ? 1 : bytes / totalBytes, objectsDone: objects, totalObjects, bytesDone: bytes, totalBytes };
}

function findingFields({ target, kind, name, problem, message, elsewhere, snapshots }: Finding): JsonFields {
  return { target, kind, name, problem, message, elsewhere, snapshots };
}

function fileFields({ source, path, size, targets, first, last, snapshots, isLatest }: LostFile): JsonFields {
  return { source, path, size, targets, firstSnapshot: first, lastSnapshot: last, snapshots, inNewest: isLatest };
}

function summaryFields({ failure, duration, ...summary }: TargetVerified): JsonFields {
  return { ...summary, ...(failure ? { code: failure.code, error: failure.message } : {}), seconds: seconds(duration) };
}
