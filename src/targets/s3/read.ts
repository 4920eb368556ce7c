/** Reading a range of an object. */
import type { Readable } from 'node:stream';
import { BatError } from '../../core/errors.ts';
import { answerOf } from './answer.ts';
import { headObject } from './objects.ts';
import type { Call, CallTools, S3Store } from './store.ts';

/** The part of the SDK's answer that is looked at. */
interface Given {
  Body?: unknown;
  ContentLength?: number | undefined;
  ContentRange?: string | undefined;
}

/** Where the object ended before the range did; the size only if the answer says it. */
class TooShort extends Error {
  readonly size: number | undefined;

  constructor(size?: number) {
    super('the object is too short');
    this.size = size;
  }
}

export async function readRange(store: S3Store, name: string, offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const key = store.key(name);
  const call: Call = { doing: 'read', what: name, signal };
  try {
    if (length === 0) return await readNothing(store, name, offset, call);
    return await store.attempt(call, async (tools) => {
      const Range = `bytes=${offset}-${offset + length - 1}`;
      const given = await tools.send(new tools.sdk.GetObjectCommand({ Bucket: store.bucket, Key: key, Range }));
      return collect(given, offset, length, tools, store);
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TooShort) throw short(store, name, offset + length, error.size);
    if (answerOf(error)?.status === 416) throw short(store, name, offset + length);
    throw store.explain(error, call);
  }
}

/** HTTP has no range of no bytes. */
async function readNothing(store: S3Store, name: string, offset: number, call: Call): Promise<Uint8Array> {
  const head = await headObject(store, name, call);
  if (!head) throw new BatError('OBJECT_MISSING', `Target "${store.id}" has no ${name}.`, { hint: `Was it removed from ${store.location} by hand?`, subject: name });
  if (offset > head.size) throw new TooShort(head.size);
  return new Uint8Array(0);
}

async function collect(given: Given, offset: number, length: number, tools: CallTools, store: S3Store): Promise<Uint8Array> {
  const body = given.Body as Readable;
  try {
    confirmRange(given, offset, length, store);
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      tools.progress();
      if (done + chunk.length > length) throw wrongRange(store);
      if (store.pace) await tools.pause(store.pace.download(chunk.length, tools.signal));
      bytes.set(chunk, done);
      done += chunk.length;
    }
    if (done < length) throw Object.assign(new Error('the body ended early'), { code: 'ECONNRESET' });
    return bytes;
  } finally {
    body.destroy();
  }
}

/** Before any memory is taken: what a damaged manifest says of lengths is not believed. */
function confirmRange({ ContentRange, ContentLength }: Given, offset: number, length: number, store: S3Store): void {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(ContentRange ?? '');
  if (match) {
    const [first, last] = [Number(match[1]), Number(match[2])];
    if (first !== offset || last >= offset + length) throw wrongRange(store);
    if (last < offset + length - 1) throw new TooShort(match[3] === '*' ? undefined : Number(match[3]));
    return;
  }
  // The whole object, since the server knows no ranges or took the range for all of it.
  if (ContentLength !== undefined && ContentLength < offset + length) throw new TooShort(ContentLength);
  if (offset !== 0 || ContentLength !== length) throw wrongRange(store);
}

function wrongRange(store: S3Store): BatError {
  return new BatError('TARGET_FAILED', `Target "${store.id}" gave other bytes than those that were asked for.`, {
    hint: 'The server, or a proxy before it, does not serve ranges of objects (the Range header). bat needs them.',
    subject: store.location,
  });
}

function short(store: S3Store, name: string, wanted: number, size?: number): BatError {
  return new BatError('OBJECT_DAMAGED', `${name} on target "${store.id}" ends ${size === undefined ? 'too early' : `after ${size} bytes`}, where ${wanted} are expected.`, {
    hint: `It was cut off in ${store.location}. Another target of the plan may have it whole.`,
    subject: name,
  });
}
