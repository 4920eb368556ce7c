/** Sends an object of a plan, or a range of it, as it is stored: sealed where it is sealed. */
import type { Context } from 'hono';
import { sendStream } from '../body.ts';
import type { ServerContext, ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';
import type { OpenPlace } from './open-place.ts';

/** What is held of an answer at a time. Stores elsewhere take a while for each request, disks do not. */
const diskSlice = 256 * 1024;
const farSlice = 1024 * 1024;

interface ByteRange {
  start: number;
  /** The byte behind the last one. */
  end: number;
}

/** Throws ServerError NOT_FOUND, RANGE_REFUSED, and what the target does, before anything is sent. */
export async function sendObject(c: Context<ServerEnvironment>, context: ServerContext, place: OpenPlace, name: string): Promise<Response> {
  const size = await place.sizeOf(name);
  if (size === null) throw new ServerError('NOT_FOUND', `There is no object ${name}.`);
  const header = c.req.header('range');
  const range = header === undefined ? { start: 0, end: size } : parseRange(header, size);
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': range.end - range.start, 'Accept-Ranges': 'bytes', 'Cache-Control': 'no-store' };
  const body = slices(place, name, range);
  // What is wrong with the object shows with its first bytes, when it can still be told.
  const first = c.req.method === 'HEAD' ? null : await body.next();
  const whole = first === null || first.done ? body : following(first.value, body);
  if (header === undefined) return sendStream(c, context, 200, headers, whole);
  return sendStream(c, context, 206, { ...headers, 'Content-Range': `bytes ${range.start}-${range.end - 1}/${size}` }, whole);
}

async function* slices(place: OpenPlace, name: string, { start, end }: ByteRange): AsyncGenerator<Uint8Array, void> {
  const most = place.target.type === 'file' ? diskSlice : farSlice;
  for (let at = start; at < end; at += most) yield await place.use((target) => target.read(name, at, Math.min(most, end - at)));
}

async function* following(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield first;
  yield* rest;
}

/** One range of bytes. Throws ServerError RANGE_REFUSED for several, for none, and for one that begins behind the end. */
function parseRange(header: string, size: number): ByteRange {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) ?? [];
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1);
  if ((from === '' && to === '') || start >= end) {
    throw new ServerError('RANGE_REFUSED', `The object has ${size} bytes, and none in this range.`, { headers: { 'Content-Range': `bytes */${size}` } });
  }
  return { start, end };
}
