/**
 * The spool: a folder where an object lies whole, as it will be stored, before any of it is sent, and until it is in the
 * catalog. A killed run sends the rest of it, and no part twice, where the target can take up uploads.
 */
import { createHash, type Hash } from 'node:crypto';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BufferPool } from '../../core/buffer-pool.ts';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import { makeFolder } from '../../core/make-folder.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { Spooled } from '../../catalog/spooled.ts';
import { volumeNamePattern } from '../../volume/names.ts';
import type { ObjectEvent, ObjectHead } from '../flow.ts';
import type { ObjectSender, OutgoingObject, SentObject } from './object-sender.ts';

/** What is read back from the disk at a time. */
const BLOCK = 1024 * 1024;
/** Of a file that is not whole yet. */
const unfinishedSuffix = '.part';

export interface SpoolOptions {
  folder: string;
  plan: string;
  /** The id of the upload step. */
  lane: string;
  catalog: Catalog;
  sender: ObjectSender;
}

/** Where the spooled objects of an upload lie. Two uploads may give their objects the same name. */
export function spoolFolder(folder: string, plan: string, lane: string): string {
  return join(folder, plan, lane);
}

/** Removes what no row speaks of: a run was killed while it wrote it, or before it could remove it. What the spool did not make stays. */
export async function sweepSpool(folder: string, known: ReadonlySet<string>): Promise<void> {
  await spooling(folder, async () => {
    for (const name of await readdir(folder).catch(noneIfAbsent)) {
      const path = join(folder, name);
      const isOurs = volumeNamePattern.test(`volumes/${name.endsWith(unfinishedSuffix) ? name.slice(0, -unfinishedSuffix.length) : name}`);
      if (isOurs && !known.has(path)) await rm(path, { force: true });
    }
  });
}

function noneIfAbsent(error: unknown): string[] {
  if (systemCode(error) !== 'ENOENT') throw error;
  return [];
}

/** An object on its way into the spool, and from there to the targets. Its calls are those of an OutgoingObject. */
export class SpooledOutgoing {
  readonly #options: SpoolOptions;
  readonly #head: ObjectHead;
  readonly #path: string;
  readonly #hash: Hash = createHash('sha256');
  #file: FileHandle | null = null;
  #size = 0;

  constructor(head: ObjectHead, options: SpoolOptions) {
    this.#head = head;
    this.#options = options;
    this.#path = join(spoolFolder(options.folder, options.plan, options.lane), basename(head.name));
  }

  async write(bytes: Uint8Array, release?: () => void): Promise<void> {
    await spooling(this.#path, async () => {
      this.#file ??= await this.#create();
      await writeFully(this.#file, bytes, this.#size);
    });
    this.#hash.update(bytes);
    this.#size += bytes.length;
    release?.();
  }

  /** Sends it once all of it is on the disk. `settled`: to be called when the catalog has it as stored. */
  async close({ decoded, frames }: ObjectEvent & { type: 'close' }): Promise<SentObject & { settled(): Promise<void> }> {
    await spooling(this.#path, async () => {
      this.#file ??= await this.#create();
      await this.#file.sync();
      await this.#file.close();
      await rename(this.#path + unfinishedSuffix, this.#path);
      await flushFolder(dirname(this.#path));
    });
    const { catalog, lane, sender } = this.#options;
    const { volume, name, codec, level, recipients } = this.#head;
    const sha256 = this.#hash.digest();
    const spooled = new Spooled(catalog);
    spooled.add({ lane, path: this.#path, volume, name, size: this.#size, sha256, decoded, codec, level, frames: [...frames], recipients: recipients && [...recipients] });
    const sent = await sendFile(sender.begin(name, { largest: this.#size, keepsParts: true }), { path: this.#path, size: this.#size, sha256 });
    return { ...sent, settled: () => forget(spooled, { lane, name, path: this.#path }) };
  }

  async discard(): Promise<void> {
    await this.#file?.close();
    await rm(this.#path + unfinishedSuffix, { force: true });
  }

  async #create(): Promise<FileHandle> {
    await makeFolder(dirname(this.#path));
    return open(this.#path + unfinishedSuffix, 'w', 0o600);
  }
}

/** Sends a file of the spool. Throws OBJECT_DAMAGED if its bytes are not the ones that were put there; then no target has it. */
export async function sendFile(outgoing: OutgoingObject, { path, size, sha256 }: { path: string; size: number; sha256: Buffer }): Promise<SentObject> {
  const pool = new BufferPool(BLOCK, 4);
  const read = createHash('sha256');
  try {
    const file = await spooling(path, () => open(path));
    try {
      for (let offset = 0; offset < size; ) {
        const buffer = pool.take();
        const { bytesRead } = await spooling(path, () => file.read(buffer, 0, Math.min(BLOCK, size - offset), offset));
        if (bytesRead === 0) break;
        const bytes = buffer.subarray(0, bytesRead);
        read.update(bytes);
        offset += bytesRead;
        await outgoing.write(bytes, () => pool.give(buffer));
      }
    } finally {
      await file.close();
    }
    if (!read.digest().equals(sha256)) {
      throw new BatError('OBJECT_DAMAGED', `The spooled file ${path} is not what was written there.`, { hint: 'Its disk may be failing. What it held is read from the source again.', subject: path });
    }
  } catch (error) {
    await outgoing.discard();
    throw error;
  }
  return outgoing.close();
}

/** In this order: a file that nobody knows is removed by the next run, and one that is missing would be a riddle. */
export async function forget(spooled: Spooled, { lane, name, path }: { lane: string; name: string; path: string }): Promise<void> {
  spooled.remove(lane, name);
  await rm(path, { force: true });
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function spooling<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new BatError('DISK_FAILED', `The spool cannot be used: ${systemReason(error)} (${path}).`, {
      hint: code === 'ENOSPC' || code === 'EDQUOT' ? 'It needs room for three volumes of each upload: free some, make `volume` of the tar step smaller, or leave `spool` out.' : 'Check the folder `spool` of the tar step.',
      cause: error,
      subject: path,
    });
  }
}
