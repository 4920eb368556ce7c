/** Cloudinary as a target: raw, private assets at `<folder>/<plan>/<name>`. */
import { BatError } from '../core/errors.ts';
import { parseSize } from '../core/units.ts';
import type { CloudinaryOptions } from './cloudinary/account.ts';
import { accountOf, checkUrl } from './cloudinary/account.ts';
import { CloudinaryApi } from './cloudinary/api.ts';
import { Caller } from './cloudinary/caller.ts';
import { sweepParts } from './cloudinary/cleanup.ts';
import { HttpClient } from './shared/http-client.ts';
import { inspectObject } from './cloudinary/inspect.ts';
import { ObjectLister } from './cloudinary/list.ts';
import { newUploadId } from './cloudinary/names.ts';
import { Notes } from './cloudinary/notes.ts';
import { putObject, removeObject, statObject } from './cloudinary/objects.ts';
import { cloudinarySchema } from './cloudinary/options.ts';
import { readObject } from './cloudinary/read.ts';
import { Resumer } from './cloudinary/resume.ts';
import { CloudinaryStore } from './cloudinary/store.ts';
import { CloudinaryUpload } from './cloudinary/upload.ts';
import type { ObjectStat, OpenOptions, PutOptions, Receipt, ResumedUpload, SweepOptions, Target, TargetCapabilities, TargetContext, TargetType, Upload } from './target.ts';

/** What a test may change. */
interface Surroundings {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Milliseconds without a byte after which a request has failed. */
  idle: number;
}

/** Larger assets would go in several requests, and a part is held in memory while it is sent. */
const DEFAULT_ASSET = 20_000_000;
const LEAST_ASSET = 1000;
const surroundings: Surroundings = { now: Date.now, idle: 60_000 };

export const cloudinaryTarget: TargetType<CloudinaryOptions> = {
  type: 'cloudinary',
  summary: 'An account at Cloudinary, a free one too: private raw assets, in parts where the account takes no large ones.',
  schema: cloudinarySchema,
  check: checkUrl,
  create: (id, options, context) => new CloudinaryTarget(id, options, context),
};

export class CloudinaryTarget implements Target {
  readonly id: string;
  readonly type = 'cloudinary';
  readonly location: string;
  readonly #store: CloudinaryStore;
  readonly #notes: Notes;
  readonly #lister: ObjectLister;
  readonly #resumer: Resumer;

  constructor(id: string, options: CloudinaryOptions, context: TargetContext, { now, idle }: Surroundings = surroundings) {
    this.id = id;
    const account = accountOf(id, options);
    const base = options.folder === undefined ? context.plan : `${options.folder}/${context.plan}`;
    const wanted = options['part-size'] === undefined ? DEFAULT_ASSET : Math.max(LEAST_ASSET, parseSize(options['part-size']));
    this.#store = new CloudinaryStore(id, account, new CloudinaryApi(new Caller(account, new HttpClient({ pace: context.pace, idle }), now)), base, wanted, now);
    this.#notes = new Notes(this.#store, context.writer);
    this.#lister = new ObjectLister(this.#store);
    this.#resumer = new Resumer(this.#store, this.#notes);
    this.location = `cloudinary://${account.cloudName}/${base}`;
  }

  /** As large as one asset, once the account has been asked. */
  get capabilities(): TargetCapabilities {
    return { partSize: this.#store.assetSize, listing: 'dear', parallel: 4, listsLate: true };
  }

  /** Asks the account for its limit, once: a wrong key shows there. Whether something is stored there is not asked. */
  async connect({ signal }: { create: boolean; signal?: AbortSignal }): Promise<void> {
    signal?.throwIfAborted();
    if (this.#store.isKnown) return;
    if (/(^|\/)v\d+$/.test(this.#store.base)) {
      throw new BatError('TARGET_FAILED', `Target "${this.id}" cannot hold a plan of that name: Cloudinary takes no folder v and a number.`, {
        hint: 'Give the plan another name.',
        subject: this.id,
      });
    }
    await this.#store.guard('use', this.location, signal, async () => this.#store.setLimit(await this.#store.api.rawLimit(signal)));
  }

  acceptsName(name: string): boolean {
    return this.#store.takes(name);
  }

  async put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
    this.#store.check(name);
    return this.#store.guard('store', name, options.signal, () => putObject(this.#store, this.#notes, name, bytes, options));
  }

  /** Nothing is sent before the first part is. */
  async open(name: string, options: OpenOptions): Promise<Upload> {
    this.#store.check(name);
    options.signal?.throwIfAborted();
    return new CloudinaryUpload(this.#store, this.#notes, { name, id: newUploadId(), options });
  }

  async resume(name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
    this.#store.check(name);
    return this.#store.guard('store', name, options.signal, () => this.#resumer.resume(name, id, options));
  }

  async read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    this.#store.check(name);
    return this.#store.guard('read', name, signal, () => readObject(this.#store, name, offset, length, signal));
  }

  async stat(name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
    this.#store.check(name);
    return this.#store.guard('look for', name, signal, () => statObject(this.#store, name, signal));
  }

  async inspect(name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
    this.#store.check(name);
    return this.#store.guard('look for', name, signal, () => inspectObject(this.#store, name, signal));
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectStat> {
    signal?.throwIfAborted();
    try {
      yield* this.#lister.list(prefix, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#store.explain(error, 'list', this.location);
    }
  }

  /** An account has no listing of folders that is sure to be up to date: all assets of the place are asked for. */
  async plans(signal?: AbortSignal): Promise<string[]> {
    const top = this.#store.base.replace(/[^/]*$/, '');
    return this.#store.guard('list', this.location, signal, async () => {
      const plans: string[] = [];
      for await (const { publicId } of this.#store.api.list(top, signal)) {
        const [plan = '', name, ...more] = publicId.slice(top.length).split('/');
        if (name === 'bat.json' && more.length === 0) plans.push(plan);
      }
      return plans;
    });
  }

  async remove(name: string, signal?: AbortSignal): Promise<void> {
    this.#store.check(name);
    await this.#store.guard('remove', name, signal, () => removeObject(this.#store, this.#notes, name, signal));
  }

  async sweep(options: SweepOptions = {}): Promise<number> {
    return this.#store.guard('clean up', this.location, options.signal, () => sweepParts(this.#store, this.#notes, options));
  }

  async clock(signal?: AbortSignal): Promise<Date | null> {
    return this.#store.guard('ask', this.location, signal, () => this.#store.api.clock(signal));
  }

  async close(): Promise<void> {
    this.#store.api.close();
  }
}
