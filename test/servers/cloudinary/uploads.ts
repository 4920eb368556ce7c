/** The Upload API: whole files, chunks, and removing. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Asset, Assets, describeAsset } from './assets.ts';
import type { Form } from './multipart.ts';
import { checkPublicId } from './public-id.ts';
import { Refusal } from './refusal.ts';

const LEAST_CHUNK = 5 * 2 ** 20;
const types = new Set(['upload', 'private', 'authenticated']);

export class Uploads {
  readonly #assets: Assets;
  readonly #cloudName: string;
  /** The plan's maximum asset size. */
  readonly #limit: () => number;
  /** By upload id: chunks by where they start. */
  readonly #chunked = new Map<string, Map<number, Buffer>>();

  constructor(assets: Assets, cloudName: string, limit: () => number) {
    this.#assets = assets;
    this.#cloudName = cloudName;
    this.#limit = limit;
  }

  /** Ids of uploads in chunks that have no end yet. */
  unfinished(): string[] {
    return [...this.#chunked.keys()];
  }

  upload({ fields, file }: Form, headers: IncomingHttpHeaders): Record<string, unknown> {
    const publicId = fields.get('public_id') ?? '';
    const type = typeOf(fields);
    checkPublicId(publicId);
    if (!file) throw new Refusal(400, 'Missing required parameter - file');
    const id = headers['x-unique-upload-id'];
    const range = headers['content-range'];
    if ((id === undefined) !== (range === undefined)) throw new Refusal(400, 'X-Unique-Upload-Id and Content-Range go together');
    if (typeof id !== 'string' || range === undefined) return this.#store(type, publicId, file, fields);
    const whole = this.#chunk(id, range, file);
    if (!whole) return { done: false, bytes: file.length, public_id: publicId, resource_type: 'raw', type };
    return { ...this.#store(type, publicId, whole, fields), done: true };
  }

  destroy({ fields }: Form): Record<string, unknown> {
    const publicId = fields.get('public_id') ?? '';
    checkPublicId(publicId);
    return { result: this.#assets.remove(typeOf(fields), publicId) ? 'ok' : 'not found' };
  }

  #store(type: string, publicId: string, bytes: Buffer, fields: ReadonlyMap<string, string>): Record<string, unknown> {
    if (bytes.length === 0) throw new Refusal(400, 'Empty file');
    this.#checkSize(bytes.length);
    const before = this.#assets.get(type, publicId);
    if (before && ['false', '0'].includes(fields.get('overwrite') ?? '')) return { ...this.#reply(before), existing: true };
    return this.#reply(this.#assets.put(type, publicId, Buffer.from(bytes)));
  }

  #reply(asset: Asset): Record<string, unknown> {
    return { ...describeAsset(asset, this.#cloudName), etag: asset.etag };
  }

  #checkSize(size: number): void {
    if (size > this.#limit()) throw new Refusal(400, `File size too large. Got ${size}. Maximum is ${this.#limit()}. Upgrade your plan to enjoy higher limits https://www.cloudinary.com/pricing/upgrades/file-limit`);
  }

  /** The whole once it is complete, else null. */
  #chunk(id: string, range: string, bytes: Buffer): Buffer | null {
    const match = /^bytes (\d+)-(\d+)\/(-1|\d+)$/.exec(range);
    if (!match) throw new Refusal(400, `Invalid Content-Range: ${range}`);
    const [start, end, total] = match.slice(1).map(Number) as [number, number, number];
    if (end - start + 1 !== bytes.length || (total !== -1 && end >= total)) throw new Refusal(400, `Content-Range ${range} does not match the ${bytes.length} bytes of the chunk`);
    const isLast = end + 1 === total;
    if (!isLast && bytes.length <= LEAST_CHUNK) throw new Refusal(400, 'All parts except EOF-chunk must be larger than 5mb');
    const chunks = this.#chunked.get(id) ?? new Map<number, Buffer>();
    if (start !== 0 && chunks.size === 0) throw new Refusal(400, 'The first chunk must be the first');
    // Nothing says that a chunk may come twice, so nobody should count on it.
    if (chunks.has(start)) throw new Refusal(400, 'This chunk has been there already');
    this.#checkSize(Math.max(total, end + 1));
    chunks.set(start, Buffer.from(bytes));
    this.#chunked.set(id, chunks);
    if (!isLast) return null;
    const ordered = [...chunks].sort(([a], [b]) => a - b);
    let position = 0;
    for (const [from, chunk] of ordered) {
      if (from !== position) throw new Refusal(400, 'The last chunk came before the others');
      position += chunk.length;
    }
    this.#chunked.delete(id);
    return Buffer.concat(ordered.map(([, chunk]) => chunk));
  }
}

function typeOf(fields: ReadonlyMap<string, string>): string {
  const type = fields.get('type') ?? 'upload';
  if (!types.has(type)) throw new Refusal(400, `Invalid type ${type}`);
  return type;
}
