/**
 * Cloudinary for tests: the parts of its Upload, Admin and download APIs that a store of raw files uses, and as strict as it
 * is: signatures, ages, sizes, chunks, names, limits. It holds everything in memory.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerAdmin, checkBasicAuth } from './cloudinary/admin.ts';
import { Assets } from './cloudinary/assets.ts';
import { HourlyLimit } from './cloudinary/hourly-limit.ts';
import { parseForm } from './cloudinary/multipart.ts';
import { Refusal } from './cloudinary/refusal.ts';
import { checkSignature } from './cloudinary/signature.ts';
import { Uploads } from './cloudinary/uploads.ts';

export { Refusal } from './cloudinary/refusal.ts';

/** All of them may be changed while it runs. */
export interface CloudinarySettings {
  cloudName: string;
  apiKey: string;
  apiSecret: string;
  plan: string;
  /** The most bytes of a raw asset that the plan allows. */
  rawLimit: number;
  /** The most bytes of one request. */
  requestLimit: number;
  /** Admin calls in an hour. */
  adminLimit: number;
  /** What the Admin API refuses with when they are used up: 420 or 429. */
  limitStatus: number;
  /** Milliseconds after which a listing shows a change. */
  listingDelay: number;
  /** Downloads are always whole, with 200. */
  ignoresRanges: boolean;
  /** Downloads carry the MD5 of the whole asset as their ETag. */
  tagsDownloads: boolean;
  /** Milliseconds; the clock of all limits and ages. */
  now: () => number;
  /** Called with the kind of each request when all of it is there: throws a Refusal to refuse it, or returns `drop` to cut the line. */
  before: (kind: CallKind, path: string) => 'drop' | undefined | void;
}

export type CallKind = 'upload' | 'chunk' | 'destroy' | 'download' | 'usage' | 'list' | 'admin' | 'delivery';

export interface CloudinaryServer {
  /** For `upload-prefix`. */
  url: string;
  settings: CloudinarySettings;
  assets: Assets;
  /** Requests, by kind. */
  counts: Record<CallKind, number>;
  /** Bytes of bodies that downloads have sent. */
  sent: { bytes: number };
  /** Everything that lies there: public ids, and ids of unfinished chunked uploads. */
  everything(): string[];
  close(): Promise<void>;
}

const defaults: CloudinarySettings = {
  cloudName: 'demo',
  apiKey: '123456789012345',
  apiSecret: 'a-secret-of-the-emulator',
  plan: 'Free',
  rawLimit: 10 * 2 ** 20,
  requestLimit: 100_000_000,
  adminLimit: 500,
  limitStatus: 420,
  listingDelay: 0,
  ignoresRanges: false,
  tagsDownloads: true,
  now: Date.now,
  before: () => {},
};

export async function startCloudinary(given: Partial<CloudinarySettings> = {}): Promise<CloudinaryServer> {
  const settings: CloudinarySettings = { ...defaults, ...given };
  const now = (): number => settings.now();
  const assets = new Assets(now);
  const uploads = new Uploads(assets, settings.cloudName, () => settings.rawLimit);
  const limit = new HourlyLimit();
  const counts: CloudinaryServer['counts'] = { upload: 0, chunk: 0, destroy: 0, download: 0, usage: 0, list: 0, admin: 0, delivery: 0 };
  const sent = { bytes: 0 };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const refusal = error instanceof Refusal ? error : new Refusal(500, String(error));
      const ended = request.complete;
      reply(response, refusal.status, { error: { message: refusal.message } }, { 'X-Cld-Error': refusal.message, ...refusal.headers, ...(ended ? {} : { Connection: 'close' }) });
      request.resume();
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://emulator');
    const [version, cloud, ...rest] = url.pathname.slice(1).split('/');
    const path = rest.join('/');
    const kind = kindOf(request, version!, path);
    counts[kind]++;
    if (Number(request.headers['content-length'] ?? 0) > settings.requestLimit) throw new Refusal(413, 'Request Entity Too Large');
    const body = await bodyOf(request);
    if (settings.before(kind, decodeURIComponent(path)) === 'drop') {
      request.socket.destroy();
      return;
    }
    if (kind !== 'delivery' && cloud !== settings.cloudName) throw new Refusal(401, `Invalid cloud_name ${cloud}`);
    if (kind === 'delivery') {
      deliver(version!, [cloud, ...rest], response);
    } else if (kind === 'download') {
      checkSignature(new Map(url.searchParams), settings, now());
      download(url.searchParams, request.headers.range, response);
    } else if (kind === 'upload' || kind === 'chunk' || kind === 'destroy') {
      const form = parseForm(request.headers['content-type'] ?? '', body);
      checkSignature(form.fields, settings, now());
      reply(response, 200, kind === 'destroy' ? uploads.destroy(form) : uploads.upload(form, request.headers));
    } else {
      checkBasicAuth(request.headers.authorization, settings);
      const headers = limit.take(settings.adminLimit, now(), settings.limitStatus);
      const query = new URLSearchParams([...url.searchParams, ...new URLSearchParams(body.toString())]);
      reply(response, 200, answerAdmin(request.method!, path, query, assets, settings, settings.cloudName), headers);
    }
  }

  function download(query: URLSearchParams, range: string | undefined, response: ServerResponse): void {
    const expires = Number(query.get('expires_at') ?? Infinity);
    if (now() / 1000 > expires) throw new Refusal(401, 'The link has expired');
    const asset = assets.get(query.get('type') ?? 'upload', query.get('public_id') ?? '');
    if (!asset) throw new Refusal(404, `Resource not found - ${query.get('public_id')}`);
    const { bytes } = asset;
    const tag: Record<string, string> = settings.tagsDownloads ? { ETag: `"${asset.etag}"` } : {};
    const [, from, to] = (!settings.ignoresRanges && /^bytes=(\d+)-(\d*)$/.exec(range ?? '')) || [];
    if (from === undefined) {
      sendBytes(response, 200, bytes, tag);
    } else if (Number(from) >= bytes.length) {
      throw new Refusal(416, 'Requested Range Not Satisfiable', { 'Content-Range': `bytes */${bytes.length}` });
    } else {
      const end = Math.min(to ? Number(to) + 1 : bytes.length, bytes.length);
      sendBytes(response, 206, bytes.subarray(Number(from), end), { ...tag, 'Content-Range': `bytes ${from}-${end - 1}/${bytes.length}` });
    }
  }

  function sendBytes(response: ServerResponse, status: number, bytes: Buffer, headers: Record<string, string>): void {
    sent.bytes += bytes.length;
    response.writeHead(status, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes.length, ...headers }).end(bytes);
  }

  /** The delivery address, `/<cloud>/raw/<type>/[v1/]<public id>`: only what was uploaded as public goes out. */
  function deliver(cloud: string, [resourceType, type, ...rest]: (string | undefined)[], response: ServerResponse): void {
    const id = rest.join('/').replace(/^v\d+\//, '');
    const asset = cloud === settings.cloudName && resourceType === 'raw' ? assets.get(type ?? '', decodeURIComponent(id)) : null;
    if (!asset) throw new Refusal(404, `Resource not found - ${id}`);
    if (type !== 'upload') throw new Refusal(401, 'The resource is private: a signed address is needed');
    sendBytes(response, 200, asset.bytes, {});
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    settings,
    assets,
    counts,
    sent,
    everything: () => [...assets.all().map((asset) => asset.publicId), ...uploads.unfinished().map((id) => `unfinished ${id}`)],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function kindOf({ method, headers }: IncomingMessage, version: string, path: string): CallKind {
  if (version !== 'v1_1') return 'delivery';
  if (method === 'POST' && path === 'raw/upload') return headers['content-range'] === undefined ? 'upload' : 'chunk';
  if (method === 'POST' && path === 'raw/destroy') return 'destroy';
  if (method === 'GET' && path === 'raw/download') return 'download';
  if (path === 'usage') return 'usage';
  return /^resources\/\w+\/\w+$/.test(path) && method === 'GET' ? 'list' : 'admin';
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function reply(response: ServerResponse, status: number, body: Record<string, unknown>, headers: Record<string, string> = {}): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify(body));
}
