/**
 * Brings files to the server: hashes those that are not known, asks which contents are missing, and sends these, several at a time. It
 * goes through the files once, a batch ahead of what is being sent, so that memory does not grow with their number.
 */
import type { FileHashes } from '../../catalog/file-hashes.ts';
import type { FoundFile, PushList } from '../../catalog/push-list.ts';
import { Channel } from '../../core/channel.ts';
import { BatError } from '../../core/errors.ts';
import type { Emit, Issue } from '../../core/events.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { isRefusal } from '../../targets/http/answers.ts';
import { ReadProblem } from '../../steps/shared/reading/reading.ts';
import { stampOf } from '../../steps/shared/stamp.ts';
import { FileChanged, hashFile, identityOf, lookAgain, type HashedFile } from './read-file.ts';
import type { PushServer } from './server.ts';
import { add, type PushSummary } from './tally.ts';

/** A file that the server has now. `stored`: under the path `to`, if this user may know it; else its content was there already. */
export interface SentFile {
  path: string;
  to: string | null;
  bytes: number;
  stored: boolean;
}

export interface TransferContext {
  server: PushServer;
  hashes: FileHashes;
  list: PushList;
  summary: PushSummary;
  /** Files at a time. */
  parallel: number;
  /** Nothing is sent: what would be is told as if it had been. */
  dryRun: boolean;
  emit: Emit;
  sent(file: SentFile): void;
  /** More is done; `bytes` may be less than nothing when they have to go again. `passed`: those of them that were not sent. */
  progress(files: number, bytes: number, passed: number): void;
  signal: AbortSignal;
}

/** A batch ends at so many files, or bytes that had to be read for it: so sending begins early. */
const batchFiles = 1000;
const batchBytes = 64 * 2 ** 20;
const bufferLength = 256 * 1024;
/** Each as large a piece of memory as the one that is read into. */
const hashedAtATime = 4;

export class Transfer {
  readonly #context: TransferContext;
  readonly #buffers = Array.from({ length: hashedAtATime }, () => Buffer.allocUnsafeSlow(bufferLength));
  /** Contents that are on their way, and other files that have the same one. */
  readonly #underWay = new Map<string, HashedFile[]>();
  #changed: FoundFile[] = [];
  #isLastRound = false;
  /** From this size on the server has no room, and what it said. */
  #noRoom: { size: number; error: BatError } | null = null;

  constructor(context: TransferContext) {
    this.#context = context;
  }

  /** What the server has no room for. Known when `send` is through. */
  get full(): BatError | null {
    return this.#noRoom?.error ?? null;
  }

  /** What fails for a file alone is told and counted; throws what would fail for every other, too. */
  async send(files: Iterable<FoundFile>): Promise<void> {
    await this.#round(files);
    this.#isLastRound = true;
    await this.#round(this.#changed.splice(0));
    this.#context.hashes.flush();
  }

  async #round(files: Iterable<FoundFile>): Promise<void> {
    const queue = new Channel<HashedFile>(this.#context.parallel * 2);
    const waiting = queue[Symbol.asyncIterator]();
    const guarded = async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        queue.fail(error);
        throw error;
      }
    };
    const senders = Array.from({ length: this.#context.parallel }, () =>
      guarded(async () => {
        for (let next = await waiting.next(); !next.done; next = await waiting.next()) await this.#sendFirst(next.value);
      }),
    );
    const all = await Promise.allSettled([guarded(() => this.#feed(files, queue)), ...senders]);
    const failure = all.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  async #feed(files: Iterable<FoundFile>, queue: Channel<HashedFile>): Promise<void> {
    const { signal, hashes } = this.#context;
    for (const batch of batches(files, (file) => this.#knownHash(file) === null)) {
      signal.throwIfAborted();
      const hashed = await this.#hash(batch);
      hashes.flush();
      for (const file of await this.#lacking(hashed)) await queue.put(file);
    }
    queue.end();
  }

  #knownHash(file: FoundFile): string | null {
    if (file.stamp === '') return null;
    const known = this.#context.hashes.find(file.absolute);
    return known?.stamp === file.stamp ? known.sha256 : null;
  }

  /** In the order of the batch; without those that cannot be read. */
  async #hash(batch: readonly FoundFile[]): Promise<HashedFile[]> {
    const hashed = new Map<FoundFile, HashedFile>();
    const buffers = [...this.#buffers];
    await inParallel(batch, hashedAtATime, async (file) => {
      const buffer = buffers.pop()!;
      try {
        hashed.set(file, this.#fromTable(file) ?? (await this.#read(file, buffer)));
      } catch (error) {
        this.#failed(file, error);
      } finally {
        buffers.push(buffer);
      }
    });
    return batch.flatMap((file) => hashed.get(file) ?? []);
  }

  #fromTable(file: FoundFile): HashedFile | null {
    const sha256 = this.#knownHash(file);
    if (sha256 === null) return null;
    const stat = lookAgain(file);
    return stampOf(stat) === file.stamp ? { ...file, sha256, mtimeNs: stat.mtimeNs, identity: identityOf(stat) } : null;
  }

  async #read(file: FoundFile, buffer: Buffer): Promise<HashedFile> {
    const { hashes, signal } = this.#context;
    const hashed = await hashFile(file, buffer, signal);
    if (hashed.stamp !== '') hashes.set(file.absolute, hashed);
    return hashed;
  }

  /** Those to be sent. The others are counted, or wait for one that has the same content. */
  async #lacking(files: readonly HashedFile[]): Promise<HashedFile[]> {
    if (files.length === 0) return [];
    const { server, list } = this.#context;
    const missing = await server.missing([...new Set(files.map(({ sha256 }) => sha256))]);
    return files.filter((file) => {
      const others = this.#underWay.get(file.sha256);
      // It may have come since the server was asked.
      if (!missing.has(file.sha256) || list.wasSent(file.sha256)) this.#isThere(file);
      else if (others) others.push(file);
      else {
        this.#underWay.set(file.sha256, []);
        return true;
      }
      return false;
    });
  }

  /** A file, and those that have the same content: only if the first fails, the next one is sent. */
  async #sendFirst(file: HashedFile): Promise<void> {
    const others = this.#underWay.get(file.sha256)!;
    let isSent = await this.#send(file);
    for (let next = others.shift(); next; next = others.shift()) {
      if (isSent) this.#isThere(next);
      else isSent = await this.#send(next);
    }
    this.#underWay.delete(file.sha256);
  }

  async #send(file: HashedFile): Promise<boolean> {
    const { server, list, summary, dryRun, progress, sent } = this.#context;
    let counted = 0;
    try {
      if (this.#noRoom && file.size >= this.#noRoom.size) throw this.#noRoom.error;
      const kept = dryRun
        ? { stored: true, path: file.name }
        : await server.send(file, (bytes) => {
            counted += bytes;
            progress(0, bytes, 0);
          });
      list.noteSent(file.sha256);
      add(kept.stored ? summary.sent : summary.there, file.size);
      progress(1, file.size - counted, file.size - counted);
      sent({ path: file.absolute, to: kept.path, bytes: file.size, stored: kept.stored });
      return true;
    } catch (error) {
      progress(0, -counted, 0);
      this.#failed(file, error);
      return false;
    }
  }

  #isThere(file: HashedFile): void {
    add(this.#context.summary.there, file.size);
    this.#context.progress(1, file.size, file.size);
  }

  /** Counts and tells what concerns this file alone; throws everything else. */
  #failed(file: FoundFile, error: unknown): void {
    const { summary, hashes, progress } = this.#context;
    if (error instanceof FileChanged) {
      if (!this.#isLastRound) {
        hashes.forget(file.absolute);
        this.#changed.push({ ...file, stamp: '' });
        return;
      }
      summary.changed++;
      this.#tell(file, 'changed', 'It changes while it is read: it is left for the next push.');
    } else if (error instanceof ReadProblem) {
      // What is gone needs not be sent.
      if (error.kind === 'unread') summary.unread++;
      this.#tell(file, error.kind, `It was not sent: ${error.message}.`);
    } else if (isRefusal(error, 'QUOTA', 'DISK_FULL')) {
      if (!this.#noRoom || file.size < this.#noRoom.size) this.#noRoom = { size: file.size, error: error as BatError };
      summary.refused++;
      this.#tell(file, 'unread', (error as BatError).message);
    } else if (isRefusal(error, 'TOO_LARGE', 'NAME_REFUSED')) {
      summary.refused++;
      this.#tell(file, 'unread', (error as BatError).message);
    } else throw error;
    progress(1, file.size, file.size);
  }

  #tell({ absolute }: FoundFile, kind: Issue['kind'], message: string): void {
    this.#context.emit({ type: 'issue', issue: { kind, path: absolute, message } });
  }
}

/** `isRead`: it counts by its size, since it has to be read. */
function* batches(files: Iterable<FoundFile>, isRead: (file: FoundFile) => boolean): Generator<FoundFile[]> {
  let batch: FoundFile[] = [];
  let bytes = 0;
  for (const file of files) {
    batch.push(file);
    if (isRead(file)) bytes += file.size;
    if (batch.length < batchFiles && bytes < batchBytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
