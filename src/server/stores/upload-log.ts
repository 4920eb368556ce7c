/**
 * What is known of an upload that is not finished, so that it goes on after the server was killed: lines of JSON beside its bytes. The
 * first line says what it is; each further one a part that has arrived, one that is being replaced, or up to where all is flushed.
 */
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { systemCode } from '../../core/errors.ts';

export interface UploadHead {
  name: string;
  /** Bytes of each part but the last. */
  partSize: number;
  /** Who began it: nobody else takes it up or sweeps it away. */
  user: string;
  /** The catalog that sends it, as its owner calls it; may be ''. */
  writer: string;
}

export interface Part {
  size: number;
  /** In hexadecimal. */
  sha256: string;
}

type Line = { part: number; size: number; sha256: string } | { again: number } | { safe: number };

export class UploadLog {
  readonly #path: string;
  /** Lines are written one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #count: number;
  /** Why nothing more can be written, once it is not known what stands at its end. */
  #broken: { cause: unknown } | null = null;

  constructor(path: string, count: number) {
    this.#path = path;
    this.#count = count;
  }

  /** Lines that are written whole. */
  get count(): number {
    return this.#count;
  }

  add(index: number, { size, sha256 }: Part): Promise<void> {
    return this.#write({ part: index, size, sha256 }, false);
  }

  /** Other bytes are about to be written in the place of a part. Flushed: else they could be taken for the old ones after a power cut. */
  takeBack(index: number): Promise<void> {
    return this.#write({ again: index }, true);
  }

  /** All parts of the first `count` lines have been flushed. */
  noteSafe(count: number): Promise<void> {
    return this.#write({ safe: count }, false);
  }

  async #write(line: Line, flush: boolean): Promise<void> {
    const written = this.#last.then(() => this.#append(`${JSON.stringify(line)}\n`, flush));
    this.#last = written.catch(() => {});
    await written;
  }

  /** A line that could not be written whole is taken away again: it would spoil the next one, and the count of those that are safe. */
  async #append(line: string, flush: boolean): Promise<void> {
    if (this.#broken) throw this.#broken.cause;
    const handle = await open(this.#path, 'a');
    try {
      const { size } = await handle.stat();
      try {
        await handle.appendFile(line);
      } catch (error) {
        await this.#orBreak(() => handle.truncate(size));
        throw error;
      }
      this.#count++;
      if (flush) await this.#orBreak(() => handle.datasync());
    } finally {
      await handle.close();
    }
  }

  async #orBreak(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#broken = { cause };
      throw cause;
    }
  }
}

/** A new log, of parts that are all flushed. Throws the system's error. */
export async function beginLog(path: string, head: UploadHead, parts: ReadonlyMap<number, Part> = new Map()): Promise<UploadLog> {
  const lines: object[] = [head, ...[...parts].map(([part, { size, sha256 }]) => ({ part, size, sha256 })), { safe: parts.size }];
  const fresh = `${path}.new`;
  await writeFile(fresh, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await rename(fresh, path);
  return new UploadLog(path, lines.length - 1);
}

export interface ReadLog {
  head: UploadHead;
  /** `isSafe`: flushed, so that it is there whatever happened since. */
  parts: Map<number, Part & { isSafe: boolean }>;
}

/** Null if there is none, or its first line was never whole. What follows a line that is none is not believed. */
export async function readLog(path: string): Promise<ReadLog | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  const [first = '', ...rest] = text.split('\n').slice(0, -1);
  const head = parsed(first) as UploadHead | null;
  if (typeof head?.name !== 'string' || typeof head.user !== 'string' || typeof head.writer !== 'string' || !Number.isSafeInteger(head.partSize)) return null;
  const parts: ReadLog['parts'] = new Map();
  const lineOf = new Map<number, number>();
  let count = 0;
  for (const text of rest) {
    const line = parsed(text) as Line | null;
    if (line === null) break;
    count++;
    if ('part' in line) {
      parts.set(line.part, { size: line.size, sha256: line.sha256, isSafe: false });
      lineOf.set(line.part, count);
    } else if ('again' in line) {
      parts.delete(line.again);
    } else {
      for (const [index, part] of parts) part.isSafe ||= (lineOf.get(index) ?? Infinity) <= line.safe;
    }
  }
  return { head, parts };
}

function parsed(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
