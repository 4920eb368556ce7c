/** Undoes age and compression of files that were downloaded: `bat decrypt`. It needs no plan, no target and no catalog. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BatError, systemReason } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { decodeObject } from '../volume/decode-object.ts';
import { findDownloads, type Download } from './decrypt/downloads.ts';
import { extractTar } from './decrypt/extract.ts';
import { checkedEnd } from './decrypt/checked-end.ts';
import type { Write } from './snapshot-data.ts';
import { once, openIdentities, type KeyInputs } from './store/keys.ts';

export interface DecryptOptions {
  /** Objects, or parts of them: one part stands for all that lie beside it. */
  files: readonly string[];
  keys: KeyInputs;
  /** A folder, which is made; or who takes the bytes of the only object. */
  output: { folder: string; extract: boolean } | { write: Write };
  /** Called for each that is done. */
  done(this: void, decrypted: Decrypted): void;
  signal: AbortSignal;
}

export interface Decrypted {
  /** The object's name; in parts, without their endings. */
  file: string;
  /** The file that was written, or the folder that it was unpacked to. */
  output: string;
  /** Decoded. */
  bytes: number;
  parts: number;
}

/**
 * Each file appears whole or not at all, and none is written over. Goes on after one that cannot be read, and throws what was
 * wrong with it at the end: OBJECT_MISSING for a part, OBJECT_DAMAGED, KEY_MISSING, KEY_WRONG, DISK_FAILED, USAGE.
 */
export async function decrypt(options: DecryptOptions): Promise<void> {
  const { output, done, signal } = options;
  const downloads = findDownloads(options.files);
  if ('write' in output && downloads.length > 1) {
    throw new BatError('USAGE', `${downloads.length} objects cannot go to one output.`, { hint: 'Name one of them, or a folder with --output.' });
  }
  const keys = once(() => openIdentities(options.keys));
  const failures: BatError[] = [];
  for (const found of downloads) {
    signal.throwIfAborted();
    try {
      const download = found.open();
      const content = checkedEnd(decodeObject(download, download.codec, download.read, await keys()), download);
      await explained(download, async () => {
        if ('write' in output) await writeAll(content, output.write);
        else done(await toFolder(content, download, output, signal));
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      failures.push(error);
    }
  }
  if (failures.length === 1) throw failures[0]!;
  if (failures.length > 1) {
    const lines = failures.map(({ message }) => `  ${message}`);
    const { code, hint } = failures[0]!;
    throw new BatError(code, [`${failures.length} of ${downloads.length} objects could not be read:`, ...lines].join('\n'), { ...(hint === undefined ? {} : { hint }), cause: failures[0] });
  }
}

/** Where an object is damaged that was downloaded, there is one thing to try. */
async function explained({ name, parts }: Download, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    const more = parts > 1 ? ` It was joined of ${parts} parts: see whether there are more of them.` : '';
    throw new BatError(error.code, error.message, { hint: `Download ${basename(name)} again.${more}`, cause: error, subject: name });
  }
}

async function writeAll(content: AsyncIterable<Uint8Array>, write: Write): Promise<number> {
  let bytes = 0;
  for await (const piece of content) {
    await write(piece);
    bytes += piece.length;
  }
  return bytes;
}

async function toFolder(content: AsyncIterable<Uint8Array>, download: Download, { folder, extract }: { folder: string; extract: boolean }, signal: AbortSignal): Promise<Decrypted> {
  const path = join(folder, basename(download.plainName));
  const unpacks = extract && path.endsWith('.tar');
  if (!unpacks && existsSync(path)) throw new BatError('USAGE', `${path} is there already, and is not written over.`, { hint: 'Move it away, or name another folder with --output.', subject: path });
  const temporary = join(folder, `.bat-decrypt-${randomBytes(5).toString('hex')}`);
  try {
    const bytes = await writeFile(content, folder, temporary, signal);
    if (unpacks) await extractTar(temporary, folder, download.name, signal);
    else await rename(temporary, path);
    return { file: download.name, output: unpacks ? folder : path, bytes, parts: download.parts };
  } catch (error) {
    if (error instanceof BatError || !(error as { syscall?: unknown }).syscall) throw error;
    throw new BatError('DISK_FAILED', `${path} cannot be written: ${systemReason(error)}.`, { hint: 'Name another folder with --output.', cause: error, subject: path });
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeFile(content: AsyncIterable<Uint8Array>, folder: string, temporary: string, signal: AbortSignal): Promise<number> {
  makeFolder(folder);
  const file = await open(temporary, 'wx');
  try {
    return await writeAll(content, async (piece) => {
      signal.throwIfAborted();
      await file.appendFile(piece);
    });
  } finally {
    await file.close();
  }
}
