/**
 * `Expect: 100-continue`: the other side waits with the body until it is told to send it. It is told when a route first reads it,
 * so that a refusal, or "that is here already", comes before a large body was sent for nothing.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export function continueWhenRead(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const read = incoming._read.bind(incoming);
  incoming._read = (size) => {
    incoming._read = read;
    if (!outgoing.headersSent) outgoing.writeContinue();
    read(size);
  };
}

/** After an answer to a body that was not read the connection is closed: the rest of the body would be taken for the next request. */
export function closeAfterUnread(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.headers['transfer-encoding'] === undefined && Number(incoming.headers['content-length'] ?? 0) === 0) return;
  const writeHead = outgoing.writeHead.bind(outgoing) as (...words: unknown[]) => ServerResponse;
  outgoing.writeHead = (...words: unknown[]): ServerResponse => {
    if (!incoming.complete) outgoing.setHeader('Connection', 'close');
    return writeHead(...words);
  };
}
