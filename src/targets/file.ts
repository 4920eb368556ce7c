/** A folder as a target: a disk, a USB stick, a network share. Objects lie at `<path>/<plan>/<name>`. */
import { dirname } from 'node:path';
import { systemCode } from '../core/errors.ts';
import { resolvePath } from '../core/paths.ts';
import { connectFolder, unmakeFolders } from './file/connect.ts';
import type { Disk } from './file/disk.ts';
import { disk } from './file/disk.ts';
import { isObjectName } from './shared/object-names.ts';
import { listPlans } from './file/plans.ts';
import { readRange } from './file/read.ts';
import { FileStore } from './file/store.ts';
import { FileUpload } from './file/upload.ts';
import { clockOf } from './file/sweep.ts';
import { listObjects, statObject, sweepTemporary } from './file/walk.ts';
import { putFile } from './file/write.ts';
import type { ObjectStat, OpenOptions, PutOptions, Receipt, SweepOptions, Target, TargetCapabilities, TargetContext, TargetType, Upload } from './target.ts';

export interface FileOptions {
  path: string;
}

/** What the system says if there is no object of that name: nothing at all, or a folder. */
const nothingToRemove = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

export const fileTarget: TargetType<FileOptions> = {
  type: 'file',
  summary: 'A folder: on a disk, a USB stick or a mounted network share.',
  schema: {
    description: 'A folder: on a disk, a USB stick or a mounted network share.',
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    examples: [{ path: '/mnt/usb/backups' }],
    properties: {
      path: {
        description:
          "The folder; the plan's objects lie in a folder of the plan's name below it. Relative to the plan's folder; `~` is the home folder. A run makes it, but not the folder above it: if that is missing, the disk is taken for not mounted.",
        type: 'string',
        minLength: 1,
        examples: ['/mnt/usb/backups', '~/Backups'],
      },
    },
  },
  create: (id, options, context) => new FileTarget(id, options, context, disk),
};

export class FileTarget implements Target {
  readonly id: string;
  readonly type = 'file';
  readonly location: string;
  /** Small parts: what was just sealed is still in the processor's cache when the system copies it. 2 MiB took a tenth more time. */
  readonly capabilities: TargetCapabilities = { partSize: 2 ** 18, listing: 'cheap', parallel: 4 };
  readonly #store: FileStore;
  readonly #made = new Set<string>();

  constructor(id: string, options: FileOptions, context: TargetContext, disk: Disk) {
    this.id = id;
    this.#store = new FileStore(id, resolvePath(options.path, context.folder), context.plan, disk, context.pace);
    this.location = this.#store.base;
  }

  async connect(options: { create: boolean; signal?: AbortSignal }): Promise<void> {
    options.signal?.throwIfAborted();
    await connectFolder(this.#store, options.create, this.#made);
  }

  acceptsName(name: string): boolean {
    return isObjectName(name);
  }

  async put(name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
    options.signal?.throwIfAborted();
    return this.#store.guard('store', name, () => putFile(this.#store, name, bytes, options.signal));
  }

  async open(name: string, options: OpenOptions): Promise<Upload> {
    options.signal?.throwIfAborted();
    return this.#store.guard('store', name, () => FileUpload.open(this.#store, name, options.partSize, options.signal));
  }

  async read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    return this.#store.guard('read', name, () => readRange(this.#store, name, offset, length, signal));
  }

  async stat(name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
    signal?.throwIfAborted();
    return this.#store.guard('look for', name, () => statObject(this.#store, name));
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectStat> {
    try {
      yield* listObjects(this.#store, prefix, signal);
    } catch (error) {
      throw await this.#store.explain(error, 'list', this.location);
    }
  }

  async plans(signal?: AbortSignal): Promise<string[]> {
    return this.#store.guard('list', this.#store.path, () => listPlans(this.#store, signal));
  }

  /** Flushed as a write is: else a power cut could bring a manifest back whose volumes were removed after it. */
  async remove(name: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const file = this.#store.locate(name);
    await this.#store.guard('remove', name, async () => {
      await ignoring(nothingToRemove, () => this.#store.disk.unlink(file));
      await ignoring(nothingToRemove, () => this.#store.folders.flush(dirname(file)));
      await this.#store.confirmPresent('remove', name);
      await this.#store.folders.removeEmpty(dirname(file));
    });
  }

  async sweep(options: SweepOptions = {}): Promise<number> {
    return this.#store.guard('clean up', this.location, () => sweepTemporary(this.#store, options.signal));
  }

  /** On a network share it is the server's. */
  async clock(signal?: AbortSignal): Promise<Date | null> {
    signal?.throwIfAborted();
    const now = await this.#store.guard('ask for the time of', this.location, () => clockOf(this.#store));
    return Number.isFinite(now) ? new Date(now) : null;
  }

  async unmake(): Promise<void> {
    await this.#store.guard('remove', this.location, () => unmakeFolders(this.#store, this.#made));
  }

  async close(): Promise<void> {
    // Nothing is held open between two calls.
  }
}

async function ignoring(codes: ReadonlySet<string>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!codes.has(systemCode(error) ?? '')) throw error;
  }
}
