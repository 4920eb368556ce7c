/** The parts that an upload has so far. */
import { isGone } from './list.ts';
import type { Call, S3Store } from './store.ts';

interface ListedPart {
  size: number;
  etag: string;
  modified: Date | undefined;
}

/** By index; null if the server does not know the upload any more. */
export async function listParts(store: S3Store, Key: string, UploadId: string, call: Call): Promise<Map<number, ListedPart> | null> {
  const found = new Map<number, ListedPart>();
  let PartNumberMarker: string | undefined;
  do {
    const page = await store.call(call, async ({ sdk, send }) => {
      try {
        return await send(new sdk.ListPartsCommand({ Bucket: store.bucket, Key, UploadId, PartNumberMarker }));
      } catch (error) {
        if (isGone(error)) return null;
        throw error;
      }
    });
    if (!page) return null;
    for (const { PartNumber, Size, ETag, LastModified } of page.Parts ?? []) {
      if (PartNumber !== undefined && Size !== undefined && ETag !== undefined) found.set(PartNumber - 1, { size: Size, etag: ETag, modified: LastModified });
    }
    // Parts that are not listed, for want of a place to go on from, are sent again.
    PartNumberMarker = page.IsTruncated && page.NextPartNumberMarker !== PartNumberMarker ? page.NextPartNumberMarker : undefined;
  } while (PartNumberMarker !== undefined);
  return found;
}
