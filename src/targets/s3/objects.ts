/** Whole objects: put, look, remove. */
import type { ObjectStat, PutOptions, Receipt } from '../target.ts';
import { answerOf } from './answer.ts';
import { bodyOf } from './body.ts';
import { checksumOf } from './checksum.ts';
import { NoStoreError } from './no-store-error.ts';
import type { Call, S3Store } from './store.ts';

export async function putObject(store: S3Store, name: string, bytes: Uint8Array, { temperature, signal }: PutOptions): Promise<Receipt> {
  const key = store.key(name);
  return store.call({ doing: 'store', what: name, signal }, async (tools) => {
    const body = bodyOf(bytes, tools, store.pace);
    const { ETag } = await tools.send(new tools.sdk.PutObjectCommand({ ...store.objectHeaders(temperature), Key: key, ...body }));
    const md5 = Buffer.from(body.ContentMD5, 'base64').toString('hex');
    return receiptOf(store, name, bytes.length, temperature, checksumOf(ETag, md5));
  });
}

/** What HEAD says, or null if there is no such object. */
export async function headObject(store: S3Store, name: string, call: Call): Promise<{ size: number; etag: string | undefined; metadata: Record<string, string> } | null> {
  const key = store.key(name);
  try {
    return await store.attempt(call, async ({ sdk, send }) => {
      const { ContentLength, ETag, Metadata } = await send(new sdk.HeadObjectCommand({ Bucket: store.bucket, Key: key }));
      return { size: ContentLength ?? 0, etag: ETag, metadata: Metadata ?? {} };
    });
  } catch (error) {
    call.signal?.throwIfAborted();
    if (isAbsent(error)) return null;
    throw store.explain(error, call);
  }
}

export async function statObject(store: S3Store, name: string, signal: AbortSignal | undefined): Promise<ObjectStat | null> {
  const head = await headObject(store, name, { doing: 'look for', what: name, signal });
  return head && { name, size: head.size };
}

export async function removeObject(store: S3Store, name: string, signal: AbortSignal | undefined): Promise<void> {
  const key = store.key(name);
  const call: Call = { doing: 'remove', what: name, signal };
  try {
    await store.attempt(call, ({ sdk, send }) => send(new sdk.DeleteObjectCommand({ Bucket: store.bucket, Key: key })));
  } catch (error) {
    signal?.throwIfAborted();
    if (!isAbsent(error)) throw store.explain(error, call);
  }
}

export function receiptOf(store: S3Store, name: string, size: number, temperature: PutOptions['temperature'], checksum: string | undefined): Receipt {
  const storageClass = store.storageClass(temperature);
  return { name, size, parts: 1, ...(checksum ? { checksum } : {}), ...(storageClass ? { storageClass } : {}) };
}

/** HEAD says NotFound and no more: that the bucket is there has been found out before. What a proxy says with a page of its own is nothing about objects. */
function isAbsent(error: unknown): boolean {
  if (error instanceof NoStoreError) return false;
  const answer = answerOf(error);
  return answer?.status === 404 && ['NoSuchKey', 'NotFound', 'Unknown'].includes(answer.code);
}
