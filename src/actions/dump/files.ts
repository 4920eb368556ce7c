/** The files of a dump. */
import { createHash, type Hash } from 'node:crypto';
import type { ListedEntry } from '../../catalog/restore-list.ts';
import { BatError } from '../../core/errors.ts';
import type { SnapshotData } from '../snapshot-data.ts';
import type { TarStream } from './tar-stream.ts';

/** A file of which some bytes are written. Its size stands in the tar already: what is missing becomes zeros. */
interface Current {
  entry: ListedEntry;
  hash: Hash;
  problem: BatError | null;
}

export class DumpFiles {
  readonly #data: SnapshotData;
  readonly #tar: TarStream;

  constructor(data: SnapshotData, tar: TarStream) {
    this.#data = data;
    this.#tar = tar;
  }

  /** A file whose bytes are all at hand, and checked: the chunks of a manifest add up to the sizes in it. */
  async writeWhole(entry: ListedEntry, bytes: Uint8Array): Promise<void> {
    await this.#tar.member(entry, bytes.length);
    await this.#tar.bytes(bytes);
    await this.#tar.finish(bytes.length);
    this.#data.report.wrote(1, bytes.length);
  }

  /** Those of several chunks, as they were set apart in the list. */
  async writeLarge(signal: AbortSignal): Promise<void> {
    let current = null as Current | null;
    for await (const { entry: id, length, bytes, problem } of this.#data.inOrder().read()) {
      signal.throwIfAborted();
      if (current?.entry.id !== id) {
        if (current) await this.#finish(current);
        current = { entry: this.#data.list.entries.get(id), hash: createHash('sha256'), problem: null };
        await this.#tar.member(current.entry, current.entry.size);
      }
      if (bytes) {
        current.hash.update(bytes);
        await this.#tar.bytes(bytes);
      } else {
        current.problem ??= problem;
        await this.#tar.zeros(length);
      }
    }
    if (current) await this.#finish(current);
  }

  /** One that is left out. */
  fail(entry: ListedEntry, error: BatError): void {
    const { list, report, snapshot } = this.#data;
    list.entries.setState(entry.id, 'failed');
    report.fail(snapshot.source, entry.path, error);
  }

  async #finish({ entry, hash, problem }: Current): Promise<void> {
    const { report, snapshot } = this.#data;
    await this.#tar.finish(entry.size);
    if (problem) {
      report.fail(snapshot.source, entry.path, new BatError(problem.code, `${problem.message.replace(/\.$/, '')}. In the tar there are zeros in its place`));
    } else if (!hash.digest().equals(entry.sha256!)) {
      report.fail(snapshot.source, entry.path, new BatError('OBJECT_DAMAGED', 'its chunks are what they should be, but not the whole that they make: the manifest is damaged'));
    } else {
      report.wrote(1, entry.size);
    }
  }
}
