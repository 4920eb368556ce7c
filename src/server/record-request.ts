/** One event for each request when it is over, whatever became of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hideTokens, type RequestRecord, type ServerEvent } from './server-event.ts';

const records = new WeakMap<IncomingMessage, RequestRecord>();
const longestPath = 1000;

/** Begins the record of a request. */
export function requestRecord(incoming: IncomingMessage, outgoing: ServerResponse, log: (event: ServerEvent) => void): void {
  const { socket } = incoming;
  const start = { time: performance.now(), read: socket.bytesRead, written: socket.bytesWritten };
  const record: RequestRecord = {
    user: null,
    address: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    method: incoming.method ?? '',
    path: hideTokens(printable(incoming.url ?? '')).slice(0, longestPath),
    status: 0,
    bytesReceived: 0,
    bytesSent: 0,
    milliseconds: 0,
  };
  records.set(incoming, record);
  outgoing.once('close', () => {
    const announced = Number(incoming.headers['content-length'] ?? Number.NaN);
    if (record.status === 0) record.status = outgoing.writableFinished ? outgoing.statusCode : 499;
    record.bytesReceived = incoming.complete && !Number.isNaN(announced) ? announced : socket.bytesRead - start.read;
    record.bytesSent = socket.bytesWritten - start.written;
    record.milliseconds = performance.now() - start.time;
    log({ type: 'request', ...record });
  });
}

/** The record of a request that runs. */
export function recordOf(incoming: IncomingMessage): RequestRecord {
  return records.get(incoming)!;
}

function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '?');
}
