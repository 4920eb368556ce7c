/** A bucket as a target. Objects lie at `<prefix>/<plan>/<name>`. */
import { BatError } from '../../core/errors.ts';
import type { ColdStorage } from '../cold-storage.ts';
import type { Prices } from '../prices.ts';
import type { ObjectStat, OpenOptions, PutOptions, Receipt, ResumedUpload, SweepOptions, Target, TargetCapabilities, TargetContext, Upload } from '../target.ts';
import { serverTime } from './clock.ts';
import { s3ColdStorage } from './cold.ts';
import { hasObjects, listObjects } from './list.ts';
import { putObject, removeObject, statObject } from './objects.ts';
import type { S3Options } from './options.ts';
import { checkOptions, partSizeOf } from './options.ts';
import { s3Prices } from './prices.ts';
import { readRange } from './read.ts';
import { listPlans } from './plans.ts';
import { resumeUpload } from './resume.ts';
import { S3Store, usualPatience } from './store.ts';
import { sweepUploads } from './sweep.ts';
import { mostParts, openUpload } from './upload.ts';

/** Milliseconds: what is wrong with a target is said soon. */
const connectPatience = 15_000;

export class S3Target implements Target {
  readonly id: string;
  readonly type: string;
  readonly location: string;
  readonly capabilities: TargetCapabilities;
  readonly coldStorage: ColdStorage;
  readonly prices: Prices | undefined;
  readonly #store: S3Store;
  readonly #patience: number;

  /** `patience`: milliseconds without progress after which a call is given up. Throws PLAN_INVALID. */
  constructor(id: string, type: string, options: S3Options, context: TargetContext, patience = usualPatience) {
    checkOptions(options);
    this.id = id;
    this.type = type;
    this.#patience = patience;
    this.#store = new S3Store(id, options, context, patience);
    this.location = this.#store.location;
    this.capabilities = { partSize: partSizeOf(options), mostParts, listing: 'cheap', parallel: 4 };
    this.coldStorage = s3ColdStorage(this.#store);
    this.prices = s3Prices(options.prices, { isAmazon: options.endpoint === undefined, volumeClass: options['storage-class'] ?? 'STANDARD' });
  }

  /** Nothing is made: a bucket has an owner, a region and a price, so a person makes it. */
  async connect({ create, signal }: { create: boolean; signal?: AbortSignal }): Promise<void> {
    const found = await hasObjects(this.#store, signal, Math.min(this.#patience, connectPatience));
    if (found || create) return;
    throw new BatError('NOTHING_STORED', `Nothing is stored on target "${this.id}" yet: there are no objects below ${this.location}.`, {
      hint: 'Correct bucket or prefix in the plan if there should be. Otherwise the first `bat run` stores something.',
      subject: this.location,
    });
  }

  acceptsName(name: string): boolean {
    return this.#store.accepts(name);
  }

  async put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
    return putObject(this.#store, name, bytes, options);
  }

  async open(name: string, options: OpenOptions): Promise<Upload> {
    return openUpload(this.#store, name, options);
  }

  async resume(name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
    return resumeUpload(this.#store, name, id, options);
  }

  async read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return readRange(this.#store, name, offset, length, signal);
  }

  async stat(name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
    return statObject(this.#store, name, signal);
  }

  list(prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectStat> {
    return listObjects(this.#store, prefix, signal);
  }

  plans(signal?: AbortSignal): Promise<string[]> {
    return listPlans(this.#store, signal);
  }

  async remove(name: string, signal?: AbortSignal): Promise<void> {
    await removeObject(this.#store, name, signal);
  }

  async sweep(options: SweepOptions = {}): Promise<number> {
    return sweepUploads(this.#store, options);
  }

  clock(signal?: AbortSignal): Promise<Date | null> {
    return serverTime(this.#store, signal);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
