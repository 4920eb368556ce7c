/** What the parts of the target share: the API, the ids of assets, the limit of one, and how a failure is told. */
import { BatError } from '../../core/errors.ts';
import { readAgain } from '../../core/read-again.ts';
import type { Account } from './account.ts';
import type { CloudinaryApi } from './api.ts';
import { explain } from './errors.ts';
import { endsHarmlessly, isObjectName, notesFolder, partName, partsSuffix } from './names.ts';
import type { PartsList } from './parts-list.ts';
import { decodePartsList } from './parts-list.ts';
import { RangeReader } from './ranges.ts';

/** What the free plan allows: only for what is asked before the account has been. */
const UNKNOWN_LIMIT = 10 * 2 ** 20;

const LISTS_KEPT = 64;

export class CloudinaryStore {
  readonly id: string;
  readonly api: CloudinaryApi;
  readonly ranges: RangeReader;
  readonly now: () => number;
  /** The folder of the plan's assets, without a slash at its end. */
  readonly base: string;
  readonly #account: Account;
  readonly #wanted: number;
  readonly #lists = new Map<string, PartsList>();
  /** Bytes of one raw asset that the account allows. */
  #limit: number | null = null;

  /** `wanted`: the most bytes of an asset, whatever the account allows. */
  constructor(id: string, account: Account, api: CloudinaryApi, base: string, wanted: number, now: () => number) {
    this.id = id;
    this.api = api;
    this.ranges = new RangeReader(api);
    this.now = now;
    this.base = base;
    this.#account = account;
    this.#wanted = wanted;
  }

  get isKnown(): boolean {
    return this.#limit !== null;
  }

  /** Bytes of the assets that objects are kept in. */
  get assetSize(): number {
    return Math.min(this.#limit ?? UNKNOWN_LIMIT, this.#wanted);
  }

  /** Null: the account does not say it. */
  setLimit(limit: number | null): void {
    this.#limit = limit ?? this.#wanted;
  }

  /** The public id of an asset, by its name below the folder of the plan. */
  publicId(name: string): string {
    return `${this.base}/${name}`;
  }

  takes(name: string): boolean {
    return isObjectName(name, this.base);
  }

  /** Refuses any name that is not a plain one: what a damaged manifest says must not lead anywhere. */
  check(name: string): void {
    if (this.takes(name)) return;
    throw new BatError('TARGET_FAILED', `Target "${this.id}" does not take ${JSON.stringify(name)} as the name of an object.`, {
      hint: 'Names are made of letters, digits, dots, dashes and underscores, and are about 200 characters long at most. A manifest that says otherwise is damaged.',
      subject: name,
    });
  }

  /** Null if the object is not kept in parts. Throws OBJECT_DAMAGED if the list of them is no such list. */
  async partsOf(name: string, signal?: AbortSignal): Promise<PartsList | null> {
    return readAgain(async () => {
      const bytes = await this.ranges.whole(this.publicId(name + partsSuffix), signal);
      const list = bytes && decodePartsList(name, bytes);
      if (!bytes || list) return list;
      throw new BatError('OBJECT_DAMAGED', `The list of the parts of ${name} on target "${this.id}" is damaged.`, {
        hint: 'Another target of the plan may have the object whole.',
        subject: name,
      });
    });
  }

  /** The same, where what is damaged is to be replaced or removed. */
  async partsToDrop(name: string, signal?: AbortSignal): Promise<PartsList | null> {
    try {
      return await this.partsOf(name, signal);
    } catch (error) {
      if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
      return { stem: name, size: 0, parts: [], isDamaged: true };
    }
  }

  /** What an object's parts were when it was last read: it is read range by range. */
  known(name: string): PartsList | undefined {
    return this.#lists.get(name);
  }

  remember(name: string, list: PartsList): void {
    if (this.#lists.size >= LISTS_KEPT) this.#lists.delete(this.#lists.keys().next().value!);
    this.#lists.set(name, list);
  }

  /** The object was written or removed. */
  forget(name: string): void {
    this.#lists.delete(name);
    this.ranges.forget(this.publicId(name));
  }

  /** Bytes of the asset of the plain name, or null if there is none. */
  async plainSize(name: string, signal?: AbortSignal): Promise<number | null> {
    return endsHarmlessly(name) ? this.ranges.sizeOf(this.publicId(name), signal) : null;
  }

  /** A range of the asset of the plain name, or null if there is none. Throws TooShort. */
  async readPlain(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array | null> {
    return endsHarmlessly(name) ? this.ranges.read(this.publicId(name), offset, length, signal) : null;
  }

  /** Cloudinary would not even be asked to remove what it does not take. */
  async destroyPlain(name: string, signal?: AbortSignal): Promise<void> {
    if (endsHarmlessly(name)) await this.destroy(name, signal);
    this.forget(name);
  }

  destroy(name: string, signal?: AbortSignal): Promise<boolean> {
    return this.api.destroy(this.publicId(name), signal);
  }

  destroyPart(stem: string, number: number, signal?: AbortSignal): Promise<boolean> {
    return this.destroy(partName(stem, number), signal);
  }

  get notesPrefix(): string {
    return `${this.base}/${notesFolder}/`;
  }

  /** Runs `work`, and tells a failure as what it means for this target. Once the signal is aborted, its reason is all there is to tell. */
  async guard<T>(doing: string, what: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw this.explain(error, doing, what);
    }
  }

  explain(error: unknown, doing: string, what: string): unknown {
    const { cloudName, api } = this.#account;
    return explain(error, { target: this.id, cloudName, api, doing, what, assetSize: this.isKnown ? this.assetSize : null });
  }
}
