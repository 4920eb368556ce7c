/** Takes up an upload that another process began. */
import type { OpenOptions, ResumedUpload } from '../target.ts';
import { checksumOf } from './checksum.ts';
import { listParts } from './parts.ts';
import type { S3Store } from './store.ts';
import { findFinished, S3Upload } from './upload.ts';
import { splitId } from './upload-id.ts';

/** Or null, if the server does not know the upload any more and the object is not the one it would have made. */
export async function resumeUpload(store: S3Store, name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
  const ids = splitId(id);
  if (!ids) return null;
  const listed = await listParts(store, store.key(name), ids.uploadId, { doing: 'store', what: name, signal: options.signal });
  if (!listed) return resumeFinished(store, name, ids, options);
  // A part of another size was cut by other rules; it is sent again.
  const parts = new Map([...listed].filter(([, part]) => part.size <= options.partSize));
  const upload = new S3Upload(store, { name, ...ids, options, parts });
  return { upload, parts: new Map([...parts].map(([index, { size, etag }]) => [index, { size, ...checksum(etag, store) }])) };
}

/** The process was killed between the end of the upload and the note of it: all parts are there. */
async function resumeFinished(store: S3Store, name: string, ids: { mark: string; uploadId: string }, options: OpenOptions): Promise<ResumedUpload | null> {
  const receipt = await findFinished(store, name, ids.mark, options);
  if (!receipt) return null;
  const upload = new S3Upload(store, { name, ...ids, options, receipt });
  const count = Math.ceil(receipt.size / options.partSize);
  const sizes = Array.from({ length: count }, (_, index) => Math.min(options.partSize, receipt.size - index * options.partSize));
  return { upload, parts: new Map(sizes.map((size, index) => [index, { size }])) };
}

/** The tag of a part is its MD5, but where a KMS key of the plan is at work. */
function checksum(etag: string, store: S3Store): { checksum?: string } {
  const value = etag.replaceAll('"', '');
  const isMd5 = /^[0-9a-f]{32}$/.test(value) && !store.options['server-side-encryption']?.startsWith('aws:kms');
  const text = checksumOf(etag, isMd5 ? value : null);
  return text ? { checksum: text } : {};
}
