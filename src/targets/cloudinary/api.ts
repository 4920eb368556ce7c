/** The calls to Cloudinary that a store of raw, private assets needs. Each throws ApiRefusal, or what the line threw. */
import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from './caller.ts';
import { ApiRefusal, NOT_AS_SENT } from './errors.ts';
import { textOf } from '../shared/http-client.ts';

export interface ListedAsset {
  publicId: string;
  size: number;
  /** Changes when the asset is replaced. */
  version: string;
}

/** A download that has begun. */
export interface Download {
  /** Of the whole asset; null if the reply does not say it. */
  total: number | null;
  /** Of the whole asset, in hex, as far as the tag of the reply is one. */
  md5: string | null;
  /** The body is the whole asset: the range that was asked for was ignored. */
  isWhole: boolean;
  body: AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Larger assets go in several requests. Far above the 5 MB that the service demands, and below the 100 MB it takes at once. */
const CHUNK = 20_000_000;
const MOST_RESULTS = 500;

export class CloudinaryApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Stores an asset, replacing any of that id. `md5`: of the bytes. Throws NOT_AS_SENT if that is not what arrived. */
  async upload(publicId: string, bytes: Uint8Array, md5: string, signal?: AbortSignal): Promise<void> {
    const stored = bytes.length <= CHUNK ? await this.#uploadPiece(publicId, bytes, {}, signal) : await this.#uploadChunks(publicId, bytes, signal);
    const tag = md5In(stored['etag']);
    // Of an asset that came in chunks nothing promises that the tag is the MD5.
    const isRight = stored['bytes'] === bytes.length && (tag === null ? bytes.length > CHUNK : tag === md5);
    if (!isRight) throw new ApiRefusal(NOT_AS_SENT, 'what arrived there is not what was sent');
  }

  /** Whether there was one. Replies do not wait for copies in caches: private assets have none. */
  async destroy(publicId: string, signal?: AbortSignal): Promise<boolean> {
    const { result } = await this.#caller.post({ action: 'destroy', parameters: { public_id: publicId, type: 'private' }, signal });
    if (result !== 'ok' && result !== 'not found') throw new ApiRefusal(400, `the answer was ${JSON.stringify(result)}`);
    return result === 'ok';
  }

  /** From `from` to `to`, both included; null if there is no such asset. A range behind the end gives an empty body and the total. */
  async download(publicId: string, from: number, to: number, signal?: AbortSignal): Promise<Download | null> {
    const query = new URLSearchParams(await this.#caller.signed({ attachment: 'true', public_id: publicId, type: 'private' }));
    const reply = await this.#caller.get(`raw/download?${query.toString()}`, { Range: `bytes=${from}-${to}` }, signal);
    if (reply.status === 404) return textOf(reply).then(() => null);
    const md5 = md5In(reply.headers.etag);
    const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(String(reply.headers['content-range'] ?? ''));
    if (reply.status === 416 && range) {
      await textOf(reply);
      return { total: Number(range[2]), md5: null, isWhole: false, body: nothing(), discard: () => {} };
    }
    if (reply.status === 206 && Number(range?.[1]) === from) return { total: Number(range![2]), md5, isWhole: false, body: reply.body, discard: reply.discard };
    if (reply.status !== 200) throw await this.#caller.refusal(reply);
    const length = reply.headers['content-length'];
    return { total: length === undefined ? null : Number(length), md5, isWhole: true, body: reply.body, discard: reply.discard };
  }

  /** By the service's own clock, also where it refuses us for ours; null if it does not say. */
  async clock(signal?: AbortSignal): Promise<Date | null> {
    const reply = await this.#caller.get('raw/download', {}, signal);
    await textOf(reply);
    const time = Date.parse(reply.headers.date ?? '');
    return Number.isNaN(time) ? null : new Date(time);
  }

  /** The most bytes of one raw asset that the account may store, or null if it does not say. One Admin call. */
  async rawLimit(signal?: AbortSignal): Promise<number | null> {
    const usage = await this.#caller.admin('usage', signal);
    const limit = (usage['media_limits'] as { raw_max_size_bytes?: unknown } | undefined)?.raw_max_size_bytes;
    return typeof limit === 'number' && limit > 0 ? limit : null;
  }

  /** The assets whose ids begin with the prefix; one Admin call for each 500. */
  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ListedAsset> {
    for (let cursor: unknown = ''; cursor !== undefined; ) {
      const query = new URLSearchParams({ prefix, max_results: String(MOST_RESULTS), ...(cursor === '' ? {} : { next_cursor: String(cursor) }) });
      const { resources, next_cursor: next } = await this.#caller.admin(`resources/raw/private?${query.toString()}`, signal);
      // What is no listing must not be taken for an empty one, nor be asked for again and again.
      if (!Array.isArray(resources) || (next !== undefined && next === cursor)) throw new ApiRefusal(502, 'the answer is no listing');
      for (const { public_id: publicId, bytes, version } of resources as Record<string, unknown>[]) {
        yield { publicId: String(publicId), size: Number(bytes), version: String(version) };
      }
      cursor = next;
    }
  }

  close(): void {
    this.#caller.close();
  }

  /** All under one id, in order. Nothing says that a chunk may be sent again: whoever calls this again begins with a new id. */
  async #uploadChunks(publicId: string, bytes: Uint8Array, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const id = randomBytes(16).toString('hex');
    for (let start = 0; ; start += CHUNK) {
      const end = Math.min(start + CHUNK, bytes.length);
      const headers = { 'X-Unique-Upload-Id': id, 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` };
      const reply = await this.#uploadPiece(publicId, bytes.subarray(start, end), headers, signal);
      if (end < bytes.length) continue;
      if (reply['done'] !== true) throw new ApiRefusal(NOT_AS_SENT, 'it takes the last chunk for one of several');
      return reply;
    }
  }

  #uploadPiece(publicId: string, bytes: Uint8Array, headers: Record<string, string>, signal?: AbortSignal): Promise<Record<string, unknown>> {
    return this.#caller.post({ action: 'upload', parameters: { overwrite: 'true', public_id: publicId, type: 'private' }, file: bytes, headers, signal });
  }
}

/** In hex, as the service has it. */
export function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** Null for a tag that is none. */
function md5In(tag: unknown): string | null {
  return typeof tag === 'string' ? (/^"?([0-9a-f]{32})"?$/.exec(tag)?.[1] ?? null) : null;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
