/** What a proxy does: a request goes on as it came, its Host too, since that is signed; and so does its answer. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';

export type Chunks = AsyncIterable<Buffer>;

/** Of one connection only, and not passed on. */
const ofTheConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'expect']);

/** Sends a request on with this body, and gives the answer as soon as its headers are there. A connection is used once. */
export async function sendOn(endpoint: string, request: IncomingMessage, body: Chunks): Promise<IncomingMessage> {
  const { hostname, port } = new URL(endpoint);
  const { method, url } = request;
  const outgoing = httpRequest({ hostname, port, method, path: url, headers: passedOn(request.rawHeaders) as never, setHost: false, agent: false });
  // Told elsewhere, or too late to matter: the answer is there, or the client has gone.
  outgoing.on('error', () => {});
  const { socket } = request;
  const clientGone = (): void => void outgoing.destroy();
  socket.once('close', clientGone);
  outgoing.once('close', () => socket.off('close', clientGone));
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  const [[answer]] = await Promise.all([answered, writeBody(outgoing, body, answered)]);
  return answer;
}

/** Answers as the server did, with this body. */
export async function relay(answer: IncomingMessage, response: ServerResponse, body: Chunks = answer, headers: readonly string[] = answer.rawHeaders): Promise<void> {
  response.writeHead(answer.statusCode!, passedOn(headers) as never);
  response.flushHeaders();
  for await (const chunk of body) {
    if (response.destroyed) throw new Error('the client has gone');
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

/** The body of a request; that not all of it was taken does not cut the connection. */
export function bodyOf(request: IncomingMessage): Chunks {
  return request.iterator({ destroyOnReturn: false });
}

/** Ends early where the server has answered without waiting for all of it. */
async function writeBody(outgoing: ClientRequest, body: Chunks, answered: Promise<unknown>): Promise<void> {
  let done = false;
  const settled = answered.then(() => void (done = true), () => void (done = true));
  try {
    for await (const chunk of body) {
      if (done) break;
      if (!outgoing.write(chunk)) await Promise.race([drained(outgoing), settled]);
    }
    outgoing.end();
  } catch (error) {
    outgoing.destroy();
    throw error;
  }
}

/** When more can be written, or nothing can be any more. */
function drained(stream: ClientRequest | ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

/** Names and values in turn, as they were sent. */
function passedOn(headers: readonly string[]): string[] {
  return headers.filter((_, index) => !ofTheConnection.has(headers[index - (index % 2)]!.toLowerCase()));
}
