/** The bodies of requests and answers, as Node's own streams: bounded, and never read before they are wanted. */
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';
import { formatBytes } from '../core/units.ts';
import type { ServerContext, ServerEnvironment } from './context.ts';
import { ServerError } from './errors.ts';

type Asked = Context<ServerEnvironment>;

/** Bytes that the sender says will come; null where it does not say. */
export function announcedLength({ env: { incoming } }: Asked): number | null {
  const length = incoming.headers['content-length'];
  return length === undefined ? null : Number(length);
}

/**
 * The bytes of the body as they come, `most` of them. Throws ServerError TOO_LARGE (or what `tooMuch` makes) before the first one
 * if more are announced, else as soon as more came; BAD_REQUEST if the sender goes away before the end.
 */
export async function* readBody(c: Asked, most: number, tooMuch: () => ServerError = () => tooLarge(most)): AsyncGenerator<Buffer, void> {
  const { incoming } = c.env;
  if ((announcedLength(c) ?? 0) > most) throw tooMuch();
  let received = 0;
  try {
    // An answer still has to go out when this is left early.
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      received += (chunk as Buffer).length;
      if (received > most) throw tooMuch();
      yield chunk as Buffer;
    }
  } catch (error) {
    throw incoming.errored === error ? new ServerError('BAD_REQUEST', 'The request ended before it was whole.', { cause: error }) : error;
  }
  if (!incoming.complete) throw new ServerError('BAD_REQUEST', 'The request ended before it was whole.');
}

/** The body as JSON. Throws ServerError TOO_LARGE or BAD_REQUEST. */
export async function readJson(c: Asked, most = 2 ** 20): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of readBody(c, most)) chunks.push(chunk);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new ServerError('BAD_REQUEST', 'The body is not JSON.', { cause });
  }
}

export function tooLarge(most: number): ServerError {
  return new ServerError('TOO_LARGE', `This is more than the ${formatBytes(most)} that are taken here.`);
}

/** An answer whose bytes come as a stream, or none of them to HEAD. Done when they have been taken or nobody takes them any more; `body` is closed then. */
export async function sendStream(c: Asked, { log }: Pick<ServerContext, 'log'>, status: number, headers: Record<string, string | number>, body: NodeJS.ReadableStream | AsyncIterable<Uint8Array>): Promise<Response> {
  const { outgoing } = c.env;
  outgoing.writeHead(status, headers);
  try {
    if (c.req.method === 'HEAD') await endUnread(body, outgoing);
    else await pipeline(body, outgoing);
  } catch (error) {
    // Half an answer must not look like a whole one. That the reader went away is nothing to tell.
    if (!readerGone.has((error as { code?: string }).code ?? '')) log({ type: 'failure', message: `${c.req.method} ${c.req.path}: ${(error as Error).message}` });
    outgoing.destroy();
  }
  return RESPONSE_ALREADY_SENT;
}

const readerGone = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_UNABLE_TO_PIPE', 'ECONNRESET', 'EPIPE']);

async function endUnread(body: NodeJS.ReadableStream | AsyncIterable<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  outgoing.end();
  if ('destroy' in body) (body as Readable).destroy();
  else await body[Symbol.asyncIterator]().return?.();
}
