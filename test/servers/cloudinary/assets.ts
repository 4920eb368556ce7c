/** What is stored, as it is and as the listings show it: later. */
import { createHash, randomBytes } from 'node:crypto';

export interface Asset {
  assetId: string;
  publicId: string;
  type: string;
  bytes: Buffer;
  etag: string;
  /** Milliseconds. */
  createdAt: number;
  version: number;
}

export class Assets {
  readonly #now: () => number;
  readonly #stored = new Map<string, Asset>();
  readonly #listed = new Map<string, Asset>();
  #changes: { at: number; key: string; asset: Asset | null }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get(type: string, publicId: string): Asset | null {
    return this.#stored.get(`${type}/${publicId}`) ?? null;
  }

  byAssetId(id: string): Asset | null {
    return this.all().find((asset) => asset.assetId === id) ?? null;
  }

  all(): Asset[] {
    return [...this.#stored.values()];
  }

  put(type: string, publicId: string, bytes: Buffer): Asset {
    const now = this.#now();
    const before = this.get(type, publicId);
    const asset: Asset = {
      assetId: before?.assetId ?? randomBytes(16).toString('hex'),
      publicId,
      type,
      bytes,
      etag: createHash('md5').update(bytes).digest('hex'),
      createdAt: before?.createdAt ?? now,
      version: Math.floor(now / 1000),
    };
    this.#change(`${type}/${publicId}`, asset);
    return asset;
  }

  remove(type: string, publicId: string): boolean {
    if (!this.get(type, publicId)) return false;
    this.#change(`${type}/${publicId}`, null);
    return true;
  }

  /** What a listing shows that is `delay` milliseconds late; in an order that is neither that of the names nor of the time. */
  listed(type: string, prefix: string, delay: number): Asset[] {
    const due = this.#now() - delay;
    while (this.#changes[0] && this.#changes[0].at <= due) {
      const { key, asset } = this.#changes.shift()!;
      if (asset) this.#listed.set(key, asset);
      else this.#listed.delete(key);
    }
    return [...this.#listed.values()].filter((asset) => asset.type === type && asset.publicId.startsWith(prefix)).sort((a, b) => (a.assetId < b.assetId ? -1 : 1));
  }

  #change(key: string, asset: Asset | null): void {
    if (asset) this.#stored.set(key, asset);
    else this.#stored.delete(key);
    this.#changes.push({ at: this.#now(), key, asset });
  }
}

/** An asset as replies show it. */
export function describeAsset(asset: Asset, cloudName: string): Record<string, unknown> {
  const address = `//res.cloudinary.com/${cloudName}/raw/${asset.type}/v${asset.version}/${asset.publicId}`;
  return {
    asset_id: asset.assetId,
    public_id: asset.publicId,
    version: asset.version,
    resource_type: 'raw',
    type: asset.type,
    created_at: new Date(asset.createdAt).toISOString(),
    bytes: asset.bytes.length,
    url: `http:${address}`,
    secure_url: `https:${address}`,
  };
}
