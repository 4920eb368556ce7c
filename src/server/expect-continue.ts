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
