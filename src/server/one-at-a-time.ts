/**
 * One request at a time on a connection. HTTP lets a client send more of them before it has its answer, and no browser and no curl does:
 * but ten thousand in one go would have ten thousand files open at once, however few connections there may be.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ServerError } from './errors.ts';

export class OneAtATime {
  /** The answer that a connection waits for, or had last. */
  readonly #answers = new WeakMap<Socket, ServerResponse>();
  readonly #refused = new WeakSet<Socket>();

  /** False for a request that came too early. The first of them is refused in its turn, which `refused` is told, and with that answer the connection ends; what stands behind it is not looked at. */
  begin(incoming: IncomingMessage, outgoing: ServerResponse, refused: () => void): boolean {
    const { socket } = incoming;
    if (this.#answers.get(socket)?.closed ?? true) {
      this.#answers.set(socket, outgoing);
      return true;
    }
    if (!this.#refused.has(socket)) {
      this.#refused.add(socket);
      refused();
      refuse(outgoing);
      socket.pause();
    }
    return false;
  }
}

function refuse(outgoing: ServerResponse): void {
  const error = new ServerError('BAD_REQUEST', 'A connection takes one request at a time.', { hint: 'Wait for the answer before the next one is sent, or open another connection.' });
  const body = JSON.stringify(error.toJson());
  outgoing.writeHead(error.status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), 'Bat-Error': error.code, Connection: 'close' }).end(body);
}
