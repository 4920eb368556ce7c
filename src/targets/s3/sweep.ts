/** Uploads that were never finished. */
import type { SweepOptions } from '../target.ts';
import { answerOf } from './answer.ts';
import { abortUpload } from './list.ts';
import { listParts } from './parts.ts';
import type { Call, S3Store } from './store.ts';
import { uploadIdOf } from './upload-id.ts';

/** Milliseconds. An upload of another machine to which nothing was added for so long has come to its end. */
const longestPause = 24 * 60 * 60 * 1000;

/**
 * Aborts the uploads below the plan's prefix, but for those in `keep`. Returns how many. Where others write, those go to which
 * nothing was added for a day: nothing says whose they are.
 */
export async function sweepUploads(store: S3Store, { keep, isShared = false, signal }: SweepOptions): Promise<number> {
  const kept = new Set([...(keep ?? [])].map(uploadIdOf));
  const call: Call = { doing: 'clean up', what: store.location, signal };
  let swept = 0;
  let KeyMarker: string | undefined;
  let UploadIdMarker: string | undefined;
  do {
    const page = await store.call(call, async ({ sdk, send }) => {
      try {
        return await send(new sdk.ListMultipartUploadsCommand({ Bucket: store.bucket, Prefix: store.base, KeyMarker, UploadIdMarker }));
      } catch (error) {
        // A server that cannot list them cleans up by itself, or by a rule of the bucket.
        if (lacksTheCall(error)) return { Uploads: [], IsTruncated: false, NextKeyMarker: undefined, NextUploadIdMarker: undefined };
        throw error;
      }
    });
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || !Key.startsWith(store.base) || kept.has(UploadId)) continue;
      if (isShared && !(await isAbandoned(store, Key, UploadId, Initiated, call))) continue;
      if (await abortUpload(store, Key, UploadId, call)) swept++;
    }
    // One that says the same place again would be asked for ever. What it did not list is left.
    const hasMoved = page.NextKeyMarker !== KeyMarker || page.NextUploadIdMarker !== UploadIdMarker;
    KeyMarker = page.IsTruncated && hasMoved ? page.NextKeyMarker : undefined;
    UploadIdMarker = page.NextUploadIdMarker;
  } while (KeyMarker !== undefined);
  return swept;
}

/** By this machine's clock: a server takes no request from one that is minutes off. */
async function isAbandoned(store: S3Store, key: string, uploadId: string, begun: Date | undefined, call: Call): Promise<boolean> {
  const isOld = (time: Date | undefined): boolean => time === undefined || Date.now() - time.getTime() > longestPause;
  if (!isOld(begun)) return false;
  const parts = await listParts(store, key, uploadId, call);
  return parts === null || [...parts.values()].every(({ modified }) => isOld(modified));
}

function lacksTheCall(error: unknown): boolean {
  const answer = answerOf(error);
  return answer?.status === 501 || answer?.status === 405;
}
