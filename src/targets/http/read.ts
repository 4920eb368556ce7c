/** Reading a range of an object. */
import { BatError } from '../../core/errors.ts';
import type { HttpReply } from '../shared/http-client.ts';
import { isRefusal } from './answers.ts';
import type { Call } from './caller.ts';
import type { HttpStore } from './store.ts';

export async function readRange(store: HttpStore, name: string, offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const path = store.objectPath(name);
  if (length === 0) return readNothing(store, name, offset, signal);
  const call: Call = { method: 'GET', path, headers: { Range: `bytes=${offset}-${offset + length - 1}` }, doing: 'read', what: name, signal };
  let reply: HttpReply;
  try {
    reply = await store.caller.call(call);
  } catch (error) {
    if (isRefusal(error, 'RANGE_REFUSED')) throw short(store, name, offset + length);
    throw error;
  }
  try {
    confirmRange(store, name, reply, offset, length);
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    for await (const piece of store.caller.bytes(call, reply)) {
      if (done + piece.length > length) throw wrongRange(store);
      bytes.set(piece, done);
      done += piece.length;
    }
    if (done === length) return bytes;
    throw new BatError('TARGET_FAILED', `Target "${store.id}" could not read ${name}: the answer ended early.`, { hint: 'If it fails again, check the network.', transient: true, subject: name });
  } catch (error) {
    reply.discard();
    throw error;
  }
}

/** HTTP has no range of no bytes. */
async function readNothing(store: HttpStore, name: string, offset: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const stat = await store.stat(name, signal);
  if (!stat) throw new BatError('OBJECT_MISSING', `Target "${store.id}" has no ${name}.`, { hint: `Was it removed from ${store.location} by hand?`, subject: name });
  if (offset > stat.size) throw short(store, name, offset, stat.size);
  return new Uint8Array(0);
}

/** Before any memory is taken: what a damaged manifest says of lengths is not believed. */
function confirmRange(store: HttpStore, name: string, { status, headers }: HttpReply, offset: number, length: number): void {
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (status !== 206 || first === undefined || Number(first) !== offset) throw wrongRange(store);
  if (Number(last) >= offset + length) throw wrongRange(store);
  if (Number(last) < offset + length - 1) throw short(store, name, offset + length, Number(size));
}

function wrongRange(store: HttpStore): BatError {
  return new BatError('TARGET_FAILED', `Target "${store.id}" gave other bytes than those that were asked for.`, {
    hint: 'A proxy before the server does not pass on ranges of objects (the Range header). bat needs them.',
    subject: store.location,
  });
}

function short(store: HttpStore, name: string, wanted: number, size?: number): BatError {
  return new BatError('OBJECT_DAMAGED', `${name} on target "${store.id}" ends ${size === undefined ? 'too early' : `after ${size} bytes`}, where ${wanted} are expected.`, {
    hint: `It was cut off in ${store.location}. Another target of the plan may have it whole.`,
    subject: name,
  });
}
