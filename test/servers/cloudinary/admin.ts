/** The Admin API: usage, listings, looking one up, removing many. The rest of it is not there. */
import type { Assets } from './assets.ts';
import { describeAsset } from './assets.ts';
import { Refusal } from './refusal.ts';
import type { Account } from './signature.ts';

const MOST_RESULTS = 500;
const MOST_REMOVED = 100;
const MOST_REMOVED_BY_PREFIX = 1000;

export interface AdminSettings {
  /** Milliseconds after which a listing shows a change. */
  listingDelay: number;
  rawLimit: number;
  plan: string;
}

export function checkBasicAuth(header: string | undefined, account: Account): void {
  const [key, secret] = Buffer.from(/^Basic (.+)$/.exec(header ?? '')?.[1] ?? '', 'base64').toString().split(':');
  if (!key) throw new Refusal(401, 'Must supply api_key');
  if (key !== account.apiKey) throw new Refusal(401, `unknown api_key`);
  if (secret !== account.apiSecret) throw new Refusal(401, 'api_secret mismatch');
}

/** `path` without the cloud: `resources/raw/private`. */
export function answerAdmin(method: string, path: string, query: URLSearchParams, assets: Assets, settings: AdminSettings, cloudName: string): Record<string, unknown> {
  if (method === 'GET' && path === 'ping') return { status: 'ok' };
  if (method === 'GET' && path === 'usage') return usage(settings, assets);
  const [first, second, third, ...rest] = path.split('/');
  if (first !== 'resources' || second === undefined) throw new Refusal(404, `There is no ${method} ${path}`);
  if (third === undefined) {
    const asset = method === 'GET' ? assets.byAssetId(second) : null;
    if (!asset) throw new Refusal(404, `Resource not found - ${second}`);
    return { ...describeAsset(asset, cloudName), etag: asset.etag };
  }
  if (second !== 'raw') throw new Refusal(400, `Invalid resource type ${second}`);
  if (method === 'DELETE') return removeMany(assets, third, query);
  if (rest.length === 0) return list(assets, third, query, settings, cloudName);
  const publicId = decodeURIComponent(rest.join('/'));
  const asset = assets.get(third, publicId);
  if (!asset) throw new Refusal(404, `Resource not found - ${publicId}`);
  return { ...describeAsset(asset, cloudName), etag: asset.etag };
}

function usage({ rawLimit, plan }: AdminSettings, assets: Assets): Record<string, unknown> {
  return {
    plan,
    storage: { usage: assets.all().reduce((sum, asset) => sum + asset.bytes.length, 0) },
    media_limits: { image_max_size_bytes: rawLimit, video_max_size_bytes: 10 * rawLimit, raw_max_size_bytes: rawLimit },
  };
}

function list(assets: Assets, type: string, query: URLSearchParams, { listingDelay }: AdminSettings, cloudName: string): Record<string, unknown> {
  const most = Number(query.get('max_results') ?? 10);
  if (!Number.isInteger(most) || most < 1 || most > MOST_RESULTS) throw new Refusal(400, `max_results must be between 1 and ${MOST_RESULTS}`);
  const all = assets.listed(type, query.get('prefix') ?? '', listingDelay);
  const cursor = query.get('next_cursor');
  const after = cursor === null ? all : all.filter((asset) => asset.assetId > cursor);
  const page = after.slice(0, most);
  return { resources: page.map((asset) => describeAsset(asset, cloudName)), ...(after.length > most ? { next_cursor: page.at(-1)!.assetId } : {}) };
}

function removeMany(assets: Assets, type: string, query: URLSearchParams): Record<string, unknown> {
  const prefix = query.get('prefix');
  const named = [...query].filter(([name]) => /^public_ids(\[\d*\])?$/.test(name)).map(([, value]) => value);
  if (named.length > MOST_REMOVED) throw new Refusal(400, `At most ${MOST_REMOVED} resources can be removed in one call`);
  const all = prefix === null ? [] : assets.all().filter((asset) => asset.type === type && asset.publicId.startsWith(prefix)).map((asset) => asset.publicId);
  const ids = prefix === null ? named : all.slice(0, MOST_REMOVED_BY_PREFIX);
  const deleted = Object.fromEntries(ids.map((id) => [id, assets.remove(type, id) ? 'deleted' : 'not_found']));
  return { deleted, partial: all.length > ids.length };
}
