/** Ranges of assets. Nothing promises that downloads honour them, so a reply with the whole asset is as good. */
import type { CloudinaryApi, Download } from './api.ts';

/** A list of parts is far shorter. */
const LONGEST_DOCUMENT = 2 ** 20;
/** A whole asset that came instead of a range is kept for the ranges that follow, if it is neither tiny nor huge. */
const LEAST_KEPT = 2 ** 20;
const MOST_KEPT = 32 * 2 ** 20;

/** The asset ends before the range does. */
export class TooShort extends Error {
  override readonly name = 'TooShort';
  readonly size: number;

  constructor(size: number) {
    super(`It ends after ${size} bytes.`);
    this.size = size;
  }
}

export class RangeReader {
  readonly #api: CloudinaryApi;
  #kept: { publicId: string; bytes: Buffer } | null = null;

  constructor(api: CloudinaryApi) {
    this.#api = api;
  }

  /** What the service says of the asset, or null if there is none. The MD5 is null where it does not tell that. */
  async describe(publicId: string, signal?: AbortSignal): Promise<{ size: number; md5: string | null } | null> {
    const download = await this.#api.download(publicId, 0, 0, signal);
    if (!download) return null;
    const { total, md5, isWhole } = download;
    if (isWhole && total !== null) download.discard();
    const length = isWhole && total !== null ? 0 : await drain(download);
    return { size: total ?? length, md5 };
  }

  /** Bytes of the asset, or null if there is none. */
  async sizeOf(publicId: string, signal?: AbortSignal): Promise<number | null> {
    return (await this.describe(publicId, signal))?.size ?? null;
  }

  /** Exactly these bytes, at least one; null if there is no such asset. Throws TooShort. */
  async read(publicId: string, offset: number, length: number, signal?: AbortSignal): Promise<Buffer | null> {
    const kept = this.#kept;
    if (kept?.publicId === publicId) return cut(kept.bytes, offset, length);
    const download = await this.#api.download(publicId, offset, offset + length - 1, signal);
    if (!download) return null;
    const { total, isWhole } = download;
    if (total !== null && total < offset + length) {
      download.discard();
      throw new TooShort(total);
    }
    if (!isWhole) return collect(download, 0, length);
    if (total === null || length === total || total < LEAST_KEPT || total > MOST_KEPT) return collect(download, offset, length);
    const bytes = await collect(download, 0, total);
    this.#kept = { publicId, bytes };
    return cut(bytes, offset, length);
  }

  /** All of a small asset, or null if there is none. */
  async whole(publicId: string, signal?: AbortSignal): Promise<Buffer | null> {
    const download = await this.#api.download(publicId, 0, LONGEST_DOCUMENT - 1, signal);
    if (!download) return null;
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of download.body) {
      size += piece.length;
      pieces.push(piece);
      if (size >= LONGEST_DOCUMENT) break;
    }
    return Buffer.concat(pieces);
  }

  /** What was kept of an asset is no longer right. */
  forget(publicId: string): void {
    if (this.#kept?.publicId === publicId) this.#kept = null;
  }
}

/** `length` bytes of the body, from `skip` on. Leaves it there. Throws TooShort if it ends before, and nothing said that it is longer. */
async function collect(download: Download, skip: number, length: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let seen = 0;
  for await (const piece of download.body) {
    const from = Math.max(0, skip - seen);
    const to = Math.min(piece.length, skip + length - seen);
    if (to > from) pieces.push(piece.subarray(from, to));
    seen += piece.length;
    if (seen >= skip + length) break;
  }
  if (seen < skip + length) {
    // The asset is long enough, as the headers have it: its answer was cut off on the way.
    throw download.total === null ? new TooShort(seen) : Object.assign(new Error('the body ended early'), { code: 'ECONNRESET' });
  }
  return Buffer.concat(pieces);
}

/** Reads to the end, and tells the length. */
async function drain(download: Download): Promise<number> {
  let length = 0;
  for await (const piece of download.body) length += piece.length;
  return length;
}

/** A copy: what is kept must stay as it is. */
function cut(bytes: Buffer, offset: number, length: number): Buffer {
  if (offset + length > bytes.length) throw new TooShort(bytes.length);
  return Buffer.from(bytes.subarray(offset, offset + length));
}
