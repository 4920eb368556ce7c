/** The file on the disk that a restored one was made of, read beside it. */
import fs from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DrillFile } from '../../catalog/drill-list.ts';
import { parseMtime } from '../../core/entry.ts';
import { systemCode, systemReason } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import type { Source } from '../../steps/source.ts';

/** `same`, as far as it was compared, or with `other` bytes; `changed` since, or gone, or of no source of the plan any more; or why it could not be read. */
export type LiveState = 'same' | 'other' | 'changed' | { unread: string };

export class LiveFile {
  state: LiveState;
  readonly #file: FileHandle | null;
  #block = Buffer.alloc(0);

  private constructor(state: LiveState, file: FileHandle | null) {
    this.state = state;
    this.#file = file;
  }

  static async open(file: DrillFile, source: Source | undefined): Promise<LiveFile> {
    try {
      const found = await openUnchanged(file, source);
      return new LiveFile(found ? 'same' : 'changed', found);
    } catch (error) {
      return new LiveFile(isAbsence(error) ? 'changed' : { unread: systemReason(error) }, null);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** Holds the next bytes of the restored file, which begin at `position`, against this one. What is known to be other is not read any further. */
  async compare(bytes: Buffer, position: number): Promise<void> {
    if (this.#file === null || this.state !== 'same') return;
    if (this.#block.length < bytes.length) this.#block = Buffer.allocUnsafe(bytes.length);
    try {
      const read = await readFully(this.#file, this.#block, position, bytes.length);
      if (!bytes.equals(this.#block.subarray(0, read))) this.state = 'other';
    } catch (error) {
      this.state = { unread: systemReason(error) };
    }
  }
}

/** Null if its size and time are not what they were. */
async function openUnchanged({ path, size, mtime }: DrillFile, source: Source | undefined): Promise<FileHandle | null> {
  const live = source && livePath(source, path);
  if (!live) return null;
  const found = fs.lstatSync(systemPath(live), { bigint: true });
  if (!found.isFile() || found.size !== BigInt(size) || found.mtimeNs !== parseMtime(mtime)) return null;
  return open(systemPath(live));
}

function livePath({ roots }: Source, path: string): string | null {
  for (const { prefix, path: root } of roots) {
    if (prefix !== '' && !path.startsWith(`${prefix}/`)) continue;
    const relative = prefix === '' ? path : path.slice(prefix.length + 1);
    const isFile = fs.statSync(systemPath(root), { throwIfNoEntry: false })?.isFile() === true;
    if (!isFile) return `${root}/${relative}`;
    return relative === basename(root) ? root : null;
  }
  return null;
}

function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
}

/** Less than `length` where the file ends. */
async function readFully(file: FileHandle, buffer: Buffer, position: number, length: number): Promise<number> {
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, position + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return read;
}
