/** Listings of objects, page by page; and uploads that are to be given up. */
import { BatError } from '../../core/errors.ts';
import type { ObjectStat } from '../target.ts';
import { answerOf } from './answer.ts';
import { isObjectName } from './names.ts';
import { checksumOf } from './checksum.ts';
import { NoStoreError } from './no-store-error.ts';
import type { Call, S3Store } from './store.ts';

/** One page is held at a time. What bears a name that bat would not take is none of its objects. */
export async function* listObjects(store: S3Store, prefix: string, signal: AbortSignal | undefined): AsyncGenerator<ObjectStat> {
  let ContinuationToken: string | undefined;
  do {
    const page = await listPage(store, { doing: 'list', what: store.location, signal }, { Prefix: store.base + prefix, ContinuationToken });
    for (const { Key, Size, ETag } of page.Contents ?? []) {
      const name = Key?.startsWith(store.base) ? Key.slice(store.base.length) : '';
      const checksum = checksumOf(ETag, null);
      if (isObjectName(name)) yield { name, size: Size ?? 0, ...(checksum ? { checksum } : {}) };
    }
    const last = ContinuationToken;
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    if (page.IsTruncated && (!ContinuationToken || ContinuationToken === last)) throw lostPlace(store);
  } while (ContinuationToken !== undefined);
}

/** Whether anything lies there: the cheapest call whose refusal says why. */
export async function hasObjects(store: S3Store, signal: AbortSignal | undefined, patience: number): Promise<boolean> {
  const page = await listPage(store, { doing: 'use', what: store.location, signal, patience }, { Prefix: store.base, MaxKeys: 1 });
  return (page.Contents ?? []).length > 0;
}

/** False if it was gone already. */
export async function abortUpload(store: S3Store, Key: string, UploadId: string, call: Call): Promise<boolean> {
  return store.call(call, async ({ sdk, send }) => {
    try {
      await send(new sdk.AbortMultipartUploadCommand({ Bucket: store.bucket, Key, UploadId }));
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  });
}

/** Whether the server does not know an upload, or knows it no more. Not every one has the word NoSuchUpload for it. */
export function isGone(error: unknown): boolean {
  const answer = answerOf(error);
  return answer?.code === 'NoSuchUpload' || (answer?.status === 404 && answer.code === 'NoSuchKey');
}

/** One page of keys that begin with `Prefix`; those below a `Delimiter` are told as one. */
export async function listPage(store: S3Store, call: Call, page: { Prefix: string; Delimiter?: string; ContinuationToken?: string | undefined; MaxKeys?: number }) {
  return store.call(call, async ({ sdk, send }) => {
    const listed = await send(new sdk.ListObjectsV2Command({ Bucket: store.bucket, ...page }));
    // Something else than S3 gives something else than a listing, which must not be taken for an empty one.
    if (listed.IsTruncated === undefined) throw new NoStoreError(listed.$metadata.httpStatusCode ?? 200);
    return listed;
  });
}

/** The rest must not be taken for gone. */
function lostPlace({ id, location }: S3Store): BatError {
  return new BatError('TARGET_FAILED', `Target "${id}" could not list ${location}: the server lost its place between two pages.`, {
    hint: 'It does not do ListObjectsV2 as S3 does. Is there a newer version of it?',
    subject: location,
  });
}
