/** The calls to Cloudinary that a store of raw, private assets needs. Each throws ApiRefusal, or what the line threw. */
import { createHash, randomBytes } from 'node:crypto';
import type { Account } from './account.ts';
import { sign } from './account.ts';
import { ApiRefusal, NOT_AS_SENT, waitAskedFor } from './errors.ts';
import type { HttpClient, HttpReply, HttpRequest } from './http.ts';
import { textOf } from './http.ts';

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
  /** The body is the whole asset: the range that was asked for was ignored. */
  isWhole: boolean;
  body: AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Larger assets go in several requests. Far above the 5 MB that the service demands, and below the 100 MB it takes at once. */
const CHUNK = 20_000_000;
const MOST_RESULTS = 500;

export class CloudinaryApi {
  readonly #account: Account;
  readonly #http: HttpClient;
  readonly #now: () => number;

  constructor(account: Account, http: HttpClient, now: () => number) {
    this.#account = account;
    this.#http = http;
    this.#now = now;
  }

  /** Stores an asset, replacing any of that id. `md5`: of the bytes. Throws NOT_AS_SENT if that is not what arrived. */
  async upload(publicId: string, bytes: Uint8Array, md5: string, signal?: AbortSignal): Promise<void> {
    const stored = bytes.length <= CHUNK ? await this.#uploadPiece(publicId, bytes, {}, signal) : await this.#uploadChunks(publicId, bytes, signal);
    const isMd5 = typeof stored['etag'] === 'string' && /^[0-9a-f]{32}$/.test(stored['etag']);
    // Of an asset that came in chunks nothing promises that the tag is the MD5.
    const isRight = stored['bytes'] === bytes.length && (isMd5 ? stored['etag'] === md5 : bytes.length > CHUNK);
    if (!isRight) throw new ApiRefusal(NOT_AS_SENT, 'what arrived there is not what was sent');
  }

  /** Whether there was one. Replies do not wait for copies in caches: private assets have none. */
  async destroy(publicId: string, signal?: AbortSignal): Promise<boolean> {
    const { result } = await this.#post('destroy', { public_id: publicId, type: 'private' }, null, {}, signal);
    if (result !== 'ok' && result !== 'not found') throw new ApiRefusal(400, `the answer was ${JSON.stringify(result)}`);
    return result === 'ok';
  }

  /** From `from` to `to`, both included; null if there is no such asset. A range behind the end gives an empty body and the total. */
  async download(publicId: string, from: number, to: number, signal?: AbortSignal): Promise<Download | null> {
    const parameters = { attachment: 'true', public_id: publicId, timestamp: this.#timestamp(), type: 'private' };
    const query = new URLSearchParams({ ...stringsOf(parameters), signature: await sign(this.#account, parameters), api_key: this.#account.apiKey });
    const reply = await this.#http.send({ method: 'GET', url: `${this.#address('raw/download')}?${query.toString()}`, headers: { Range: `bytes=${from}-${to}` }, signal });
    if (reply.status === 404) return textOf(reply).then(() => null);
    const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(String(reply.headers['content-range'] ?? ''));
    if (reply.status === 416 && range) {
      await textOf(reply);
      return { total: Number(range[2]), isWhole: false, body: nothing(), discard: () => {} };
    }
    if (reply.status === 206 && Number(range?.[1]) === from) return { total: Number(range![2]), isWhole: false, body: reply.body, discard: reply.discard };
    if (reply.status !== 200) throw await this.#refusal(reply);
    const length = reply.headers['content-length'];
    return { total: length === undefined ? null : Number(length), isWhole: true, body: reply.body, discard: reply.discard };
  }

  /** By the service's own clock, also where it refuses us for ours; null if it does not say. */
  async clock(signal?: AbortSignal): Promise<Date | null> {
    const reply = await this.#http.send({ method: 'GET', url: this.#address('raw/download'), signal });
    await textOf(reply);
    const time = Date.parse(reply.headers.date ?? '');
    return Number.isNaN(time) ? null : new Date(time);
  }

  /** The most bytes of one raw asset that the account may store, or null if it does not say. One Admin call. */
  async rawLimit(signal?: AbortSignal): Promise<number | null> {
    const usage = await this.#admin('usage', signal);
    const limit = (usage['media_limits'] as { raw_max_size_bytes?: unknown } | undefined)?.raw_max_size_bytes;
    return typeof limit === 'number' && limit > 0 ? limit : null;
  }

  /** The assets whose ids begin with the prefix; one Admin call for each 500. */
  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ListedAsset> {
    for (let cursor: unknown = ''; cursor !== undefined; ) {
      const query = new URLSearchParams({ prefix, max_results: String(MOST_RESULTS), ...(cursor === '' ? {} : { next_cursor: String(cursor) }) });
      const page = await this.#admin(`resources/raw/private?${query.toString()}`, signal);
      const { resources, next_cursor: next } = page;
      // What is no listing must not be taken for an empty one, nor be asked for again and again.
      if (!Array.isArray(resources) || (next !== undefined && next === cursor)) throw new ApiRefusal(502, 'the answer is no listing');
      for (const { public_id: publicId, bytes, version } of resources as Record<string, unknown>[]) {
        yield { publicId: String(publicId), size: Number(bytes), version: String(version) };
      }
      cursor = next;
    }
  }

  close(): void {
    this.#http.close();
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
    return this.#post('upload', { overwrite: 'true', public_id: publicId, type: 'private' }, bytes, headers, signal);
  }

  /** A signed call of the Upload API. */
  async #post(action: string, given: Record<string, string>, file: Uint8Array | null, headers: Record<string, string>, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const parameters = { ...given, timestamp: this.#timestamp() };
    const fields = { ...stringsOf(parameters), signature: await sign(this.#account, parameters), api_key: this.#account.apiKey };
    const boundary = `bat-${randomBytes(16).toString('hex')}`;
    const body = formOf(boundary, fields, file);
    return this.#json({ method: 'POST', url: this.#address(`raw/${action}`), headers: { ...headers, 'Content-Type': `multipart/form-data; boundary=${boundary}` }, body, signal });
  }

  /** A call of the Admin API: these are counted, and refused when the hour's number is used up. */
  #admin(path: string, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const { apiKey, apiSecret } = this.#account;
    const credentials = Buffer.from(`${apiKey}:${apiSecret}`).toString('base64');
    return this.#json({ method: 'GET', url: this.#address(path), headers: { Authorization: `Basic ${credentials}` }, signal });
  }

  async #json(request: HttpRequest): Promise<Record<string, unknown>> {
    const reply = await this.#http.send(request);
    if (reply.status !== 200) throw await this.#refusal(reply);
    const answer = parsed(await textOf(reply));
    if (!answer) throw new ApiRefusal(502, 'the answer is no JSON');
    return answer;
  }

  async #refusal(reply: HttpReply): Promise<ApiRefusal> {
    const text = await textOf(reply);
    const { message } = (parsed(text)?.['error'] ?? {}) as { message?: unknown };
    const told = reply.headers['x-cld-error'];
    const said = typeof message === 'string' ? message : typeof told === 'string' ? told : null;
    return new ApiRefusal(reply.status, said, waitAskedFor(reply.status, reply.headers, said ?? '', this.#now()));
  }

  #timestamp(): number {
    return Math.floor(this.#now() / 1000);
  }

  #address(path: string): string {
    return `${this.#account.api}/v1_1/${encodeURIComponent(this.#account.cloudName)}/${path}`;
  }
}

/** In hex, as the service has it. */
export function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

function formOf(boundary: string, fields: Record<string, string>, file: Uint8Array | null): Uint8Array[] {
  const head = Object.entries(fields).map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`);
  const end = `--${boundary}--\r\n`;
  if (!file) return [Buffer.from(head.join('') + end)];
  const fileHead = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return [Buffer.from(head.join('') + fileHead), file, Buffer.from(`\r\n${end}`)];
}

function stringsOf(parameters: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
