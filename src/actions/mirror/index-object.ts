/**
 * The index of a mirror on a target: JSON lines, `mirror/index.jsonl`. The first says what it is, then one for each file, and the last how many there
 * were. Changes since it was written are kept in a file of this machine, so that a mirror that was killed does not send again what it had sent.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { IndexedFile, MirrorIndex } from '../../catalog/mirror-index.ts';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import { makeFolder } from '../../core/make-folder.ts';
import type { Target } from '../../targets/target.ts';

/** Everything in this folder of a target is the mirror's own. */
export const ownFolder = 'mirror/';
const indexName = `${ownFolder}index.jsonl`;

type Line = Partial<IndexedFile> & { mirror?: number; id?: string; end?: number; drop?: string };

/** Bytes that are read at a time. */
const BLOCK = 4 * 2 ** 20;
const longestLine = 64 * 1024;

/** The id of what was read; null if there is none. Throws OBJECT_DAMAGED, FORMAT_UNSUPPORTED, and what the target says. */
export async function readIndex(target: Target, index: MirrorIndex, signal: AbortSignal): Promise<string | null> {
  const stat = await target.stat(indexName, signal);
  if (!stat) return null;
  let id: string | null = null;
  let count = 0;
  let isWhole = false;
  for await (const line of linesOf(target, stat.size, signal)) {
    if (isWhole) throw damaged(target);
    if (id === null) id = idOf(line, target);
    else if (line.end !== undefined) {
      if (line.end !== count) throw damaged(target);
      isWhole = true;
    } else {
      index.put(fileOf(line) ?? fail(target));
      count++;
    }
  }
  if (!isWhole) throw damaged(target);
  return id;
}

/** Returns its id. Whole or not at all, as every object is. */
export async function writeIndex(target: Target, index: MirrorIndex, time: Date, signal: AbortSignal): Promise<string> {
  const id = randomBytes(12).toString('hex');
  const { partSize } = target.capabilities;
  const upload = await target.open(indexName, { temperature: 'hot', partSize, signal });
  try {
    let size = 0;
    let parts = 0;
    let pending: Buffer = Buffer.alloc(0);
    const sendParts = async (least: number): Promise<void> => {
      while (pending.length >= least) {
        const part = pending.subarray(0, partSize);
        await upload.write(parts++, part);
        size += part.length;
        pending = Buffer.from(pending.subarray(part.length));
      }
    };
    const take = async (text: string): Promise<void> => {
      pending = Buffer.concat([pending, Buffer.from(text)]);
      await sendParts(partSize);
    };
    let text = `${JSON.stringify({ mirror: 1, id, written: time.toISOString() })}\n`;
    let count = 0;
    for (const file of index.all()) {
      text += `${JSON.stringify(file)}\n`;
      count++;
      if (text.length < 65_536) continue;
      await take(text);
      text = '';
    }
    await take(`${text}${JSON.stringify({ end: count })}\n`);
    await sendParts(1);
    await upload.finish(size);
    return id;
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

export class IndexJournal {
  readonly #file: string;
  #isBegun = false;
  #over: string | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  /** Lays what was noted over an index of this id; another one is newer, or was written elsewhere, and then nothing is. Returns whether anything was. */
  async replay(over: string | null, index: MirrorIndex): Promise<boolean> {
    this.#over = over;
    try {
      for await (const text of createInterface({ input: createReadStream(this.#file), crlfDelay: Infinity })) {
        const line = parsed(text);
        // The last line of a killed mirror may be cut off.
        if (line === null) break;
        if (!this.#isBegun) {
          if (line.mirror !== 1 || (line.id ?? null) !== over) return false;
          this.#isBegun = true;
        } else if (typeof line.drop === 'string') index.drop(line.drop);
        else {
          const file = fileOf(line);
          if (file === null) break;
          index.put(file);
        }
      }
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw this.#problem(error);
    }
    return this.#isBegun;
  }

  put(file: IndexedFile): void {
    this.#note(file);
  }

  drop(path: string): void {
    this.#note({ drop: path });
  }

  /** The index on the target has it all. */
  async forget(over: string): Promise<void> {
    await rm(this.#file, { force: true });
    this.#isBegun = false;
    this.#over = over;
  }

  /** Written at once, so that it outlives this process. */
  #note(line: object): void {
    try {
      if (!this.#isBegun) {
        makeFolder(dirname(this.#file), 0o700);
        appendFileSync(this.#file, `${JSON.stringify({ mirror: 1, id: this.#over })}\n`, { flag: 'w', mode: 0o600 });
        this.#isBegun = true;
      }
      appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw this.#problem(error);
    }
  }

  #problem(error: unknown): unknown {
    if (systemCode(error) === undefined) return error;
    return new BatError('STATE_FAILED', `What was stored cannot be noted: ${systemReason(error)} (${this.#file}).`, { hint: 'Check that the state folder can be written and has space left; XDG_STATE_HOME says where it is.', cause: error, subject: this.#file });
  }
}

async function* linesOf(target: Target, size: number, signal: AbortSignal): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let rest = '';
  for (let offset = 0; offset < size; offset += BLOCK) {
    const bytes = await target.read(indexName, offset, Math.min(BLOCK, size - offset), signal);
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (rest.length > longestLine) throw damaged(target);
    for (const text of lines) yield parsed(text) ?? fail(target);
  }
  if (rest !== '') throw damaged(target);
}

function idOf({ mirror, id }: Line, target: Target): string {
  if (typeof mirror === 'number' && mirror > 1) throw new BatError('FORMAT_UNSUPPORTED', `The index of the mirror on ${target.location} is of a kind that this bat does not know.`, { hint: 'Bring bat up to date.' });
  if (mirror !== 1 || typeof id !== 'string') throw damaged(target);
  return id;
}

function fileOf({ path, object, size, mtime, sha256 }: Line): IndexedFile | null {
  if (typeof path !== 'string' || typeof object !== 'string' || typeof size !== 'number' || typeof mtime !== 'string' || typeof sha256 !== 'string') return null;
  return /^[0-9a-f]{64}$/.test(sha256) ? { path, object, size, mtime, sha256 } : null;
}

function parsed(text: string): Line | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Line) : null;
  } catch {
    return null;
  }
}

function damaged(target: Target): BatError {
  return new BatError('OBJECT_DAMAGED', `The index of the mirror on ${target.location} is damaged.`, {
    hint: `Remove ${indexName} there: the next mirror then makes a new one, and reads again what it finds under the names of the files.`,
    subject: indexName,
  });
}

function fail(target: Target): never {
  throw damaged(target);
}
