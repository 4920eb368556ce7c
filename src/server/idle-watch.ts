/**
 * Ends requests that wait for somebody who does not go on: half a body, or an answer that nobody takes. Only time that is spent
 * waiting for the other side counts: an upload may last a day, and the server may take as long as it needs to look something up.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServerError } from './errors.ts';
import { recordOf } from './record-request.ts';
import { writeRefusal } from './write-refusal.ts';

/** A byte now and then is not going on. */
const leastBytes = 1024;

interface Watched {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  /** A route reads the body. */
  isWanted: boolean;
  /** When it last went on, and the bytes of the connection then. */
  since: number;
  bytes: number;
}

export class IdleWatch {
  readonly #open = new Set<Watched>();
  readonly #idle: number;
  readonly #interval: number;
  readonly #timer: NodeJS.Timeout;
  #looked = performance.now();

  /** `idle` in milliseconds; a request is ended when it has waited for so long, up to a quarter more. */
  constructor(idle: number) {
    this.#idle = idle;
    this.#interval = Math.max(10, idle / 4);
    this.#timer = setInterval(() => this.#look(), this.#interval);
    this.#timer.unref();
  }

  add(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const watched: Watched = { incoming, outgoing, isWanted: false, since: performance.now(), bytes: moved(incoming) };
    const read = incoming._read.bind(incoming);
    incoming._read = (size) => {
      watched.isWanted = true;
      read(size);
    };
    this.#open.add(watched);
    outgoing.once('close', () => this.#open.delete(watched));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    // A machine that was asleep, or had no time for the server, has not been waiting for anybody.
    const late = Math.max(0, now - this.#looked - this.#interval);
    this.#looked = now;
    for (const watched of this.#open) {
      watched.since += late;
      const bytes = moved(watched.incoming);
      if (bytes - watched.bytes >= leastBytes || !(waitsForSender(watched) || waitsForReader(watched))) Object.assign(watched, { since: now, bytes });
      else if (now - watched.since >= this.#idle) this.#end(watched);
    }
  }

  #end(watched: Watched): void {
    const { incoming, outgoing } = watched;
    this.#open.delete(watched);
    if (outgoing.headersSent) {
      incoming.socket.destroy();
      return;
    }
    const error = new ServerError('TIMEOUT', 'The rest of the request did not come in time.', { hint: 'Send it again; an upload by /uploads goes on where it was.' });
    recordOf(incoming).status = error.status;
    writeRefusal(incoming.socket, error);
  }
}

/** What has come and lies unread is the server's own delay. */
function waitsForSender({ incoming, isWanted }: Watched): boolean {
  return isWanted && !incoming.complete && incoming.readableLength < incoming.readableHighWaterMark;
}

function waitsForReader({ incoming, outgoing }: Watched): boolean {
  return outgoing.headersSent && (outgoing.writableLength > 0 || incoming.socket.writableLength > 0);
}

function moved({ socket }: IncomingMessage): number {
  return socket.bytesRead + socket.bytesWritten;
}
