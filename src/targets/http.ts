/** A bat server as a target. On its disk the objects lie as those of a `file` target: at `<stores>/<plan>/<name>`. */
import { BatError } from '../core/errors.ts';
import { resolvePath } from '../core/paths.ts';
import { isObjectName } from './shared/object-names.ts';
import { HttpCaller } from './http/caller.ts';
import { httpSchema, partSizeOf, type HttpOptions } from './http/options.ts';
import { readRange } from './http/read.ts';
import { HttpStore } from './http/store.ts';
import { mostParts, openUpload, resumeUpload } from './http/upload.ts';
import type { ObjectStat, OpenOptions, PutOptions, Receipt, ResumedUpload, SweepOptions, Target, TargetCapabilities, TargetContext, TargetType, Upload } from './target.ts';

export const httpTarget: TargetType<HttpOptions> = {
  type: 'http',
  summary: 'A bat server: another machine on which `bat serve` runs.',
  schema: httpSchema,
  check: (options) => void partSizeOf(options),
  create: (id, options, context) => new HttpTarget(id, options, context),
};

export class HttpTarget implements Target {
  readonly id: string;
  readonly type = 'http';
  readonly location: string;
  readonly capabilities: TargetCapabilities;
  readonly #store: HttpStore;
  readonly #writer: string;
  #isAppendOnly = false;
  #made = false;

  /** `idle`: milliseconds without a byte after which a call is given up. Throws PLAN_INVALID. */
  constructor(id: string, options: HttpOptions, context: TargetContext, idle?: number) {
    this.id = id;
    const { url, token, ca } = options;
    const caller = new HttpCaller({ url, token, ca: ca === undefined ? undefined : resolvePath(ca, context.folder), pace: context.pace, who: `Target "${id}"`, ...(idle === undefined ? {} : { idle }) });
    this.#store = new HttpStore(id, context.plan, caller);
    this.#writer = context.writer ?? '';
    this.location = this.#store.location;
    this.capabilities = { partSize: partSizeOf(options), mostParts, listing: 'cheap', parallel: 4 };
  }

  get isAppendOnly(): boolean {
    return this.#isAppendOnly;
  }

  async connect({ create, signal }: { create: boolean; signal?: AbortSignal }): Promise<void> {
    let state = await this.#store.state(false, signal);
    if (!state.stored && create) {
      state = await this.#store.state(true, signal);
      this.#made = true;
    }
    if (!state.stored) {
      throw new BatError('NOTHING_STORED', `Nothing is stored on target "${this.id}" yet: the server has no store of this plan (${this.location}).`, {
        hint: 'Correct url in the plan if there should be one. Otherwise the first `bat run` stores something.',
        subject: this.location,
      });
    }
    if (create && !state.mayAdd) {
      throw new BatError('TARGET_DENIED', `Target "${this.id}" may not be written to: the token does not have the right "add".`, { hint: 'Give it the right in the settings of the server.', subject: this.location });
    }
    this.#isAppendOnly = !state.mayRemove;
  }

  acceptsName(name: string): boolean {
    return isObjectName(name);
  }

  async put(name: string, bytes: Uint8Array, { signal }: PutOptions): Promise<Receipt> {
    return this.#store.put(name, bytes, signal);
  }

  async open(name: string, options: OpenOptions): Promise<Upload> {
    return openUpload(this.#store, name, options, this.#writer);
  }

  async resume(name: string, id: string, options: OpenOptions): Promise<ResumedUpload | null> {
    return resumeUpload(this.#store, name, id, options);
  }

  async read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    return readRange(this.#store, name, offset, length, signal);
  }

  async stat(name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
    return this.#store.stat(name, signal);
  }

  list(prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectStat> {
    return this.#store.list(prefix, signal);
  }

  async plans(signal?: AbortSignal): Promise<string[]> {
    return this.#store.plans(signal);
  }

  async remove(name: string, signal?: AbortSignal): Promise<void> {
    await this.#store.remove(name, signal);
  }

  /** Those of this catalog alone: what others are sending, the server keeps for them. */
  async sweep({ keep = new Set(), signal }: SweepOptions = {}): Promise<number> {
    const call = { method: 'POST' as const, path: this.#store.path('sweep'), json: { writer: this.#writer, keep: [...keep] }, doing: 'clean up', what: this.location, signal };
    return (await this.#store.caller.json<{ removed: number }>(call)).removed;
  }

  async clock(signal?: AbortSignal): Promise<Date | null> {
    const time = new Date((await this.#store.state(false, signal)).time);
    return Number.isNaN(time.getTime()) ? null : time;
  }

  async unmake(): Promise<void> {
    if (!this.#made) return;
    await this.#store.caller.json({ method: 'DELETE', path: this.#store.path(), doing: 'remove', what: this.location });
    this.#made = false;
  }

  async close(): Promise<void> {
    await this.#store.caller.close();
  }
}
