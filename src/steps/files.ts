/**
 * The step `files`: where a plan has no `tar`, it makes each new file an object of its own, under its own path. It stands in
 * no plan; the graph puts it in. A file whose bytes are stored already, under whatever name, makes no object.
 */
import { hash } from 'node:crypto';
import { encodePath } from '../core/paths.ts';
import { Stores } from '../catalog/stores.ts';
import { ObjectNames } from '../catalog/object-names.ts';
import { Volumes } from '../catalog/volumes.ts';
import type { ObjectEvent, SelectedEntry } from './flow.ts';
import { EntryTaker } from './shared/entry-taker.ts';
import type { ChunkSource } from './shared/reading/chunk-reader.ts';
import { ReadAhead } from './shared/reading/read-ahead.ts';
import { smallFile } from './shared/reading/reading.ts';
import { VolumeWriter } from './shared/volume-writer.ts';
import { suffixOf, type StepContext, type StepType } from './step.ts';

/**
 * How much of a large file that begins like a stored one is kept in memory while it looks the same. If it differs only
 * after this, it is read a second time: better than sending what is stored already.
 */
const mostHeld = 32 * 1024 * 1024;

export const filesStep: StepType<Record<string, never>> = {
  kind: 'files',
  summary: 'Makes each new file an object of its own.',
  takes: ['entries'],
  gives: 'objects',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  async *run(_options, inputs, context) {
    const files = new Files(context);
    yield* files.make(inputs[0] as AsyncIterable<readonly SelectedEntry[]>);
  },
};

class Files {
  readonly #context: StepContext;
  readonly #volumes: Volumes;
  readonly #names: ObjectNames;
  readonly #writer: VolumeWriter;
  readonly #taker: EntryTaker;
  readonly #shared: boolean;
  readonly #files = new ReadAhead();

  constructor(context: StepContext) {
    this.#context = context;
    this.#volumes = new Volumes(context.catalog);
    this.#names = new ObjectNames(context.catalog);
    this.#writer = new VolumeWriter({ volumes: this.#volumes, maker: context.maker, run: context.run, source: context.source.id });
    this.#taker = new EntryTaker(context);
    this.#shared = this.#isShared();
  }

  async *make(entries: AsyncIterable<readonly SelectedEntry[]>): AsyncGenerator<ObjectEvent> {
    for await (const group of this.#files.groups(entries, (given) => this.#taker.receive(given))) {
      for (const selected of group) {
        if (selected.entry.type !== 'file') this.#taker.keepPlain(selected.entry, selected.stamp);
        else if (selected.stream || selected.entry.size > smallFile) yield* this.#addLarge(selected);
        else this.#addSmall(selected);
        // Not `yield*`, which would wait for a promise even where there is nothing to give.
        for (const event of this.#writer.take()) yield event;
      }
    }
  }

  #addSmall(selected: SelectedEntry): void {
    let reading;
    try {
      reading = this.#files.readSmall(selected);
    } catch (error) {
      this.#taker.fail(selected, error);
      return;
    }
    const { bytes, sha256 } = reading;
    const chunks: number[] = [];
    if (bytes.length > 0) {
      const known = this.#volumes.knownChunk(sha256);
      if (known === null) {
        this.#open(selected, sha256);
        chunks.push(this.#writer.addPlace(sha256, 0, bytes.length));
        this.#writer.write(bytes);
        this.#close();
      } else {
        chunks.push(known);
      }
    }
    this.#taker.keepFile(selected, reading, chunks);
  }

  async *#addLarge(selected: SelectedEntry): AsyncGenerator<ObjectEvent> {
    try {
      const reader = this.#files.readLarge(selected);
      const chunks = yield* this.#sendUnlessKnown(selected, reader);
      if (chunks) {
        this.#taker.keepFile(selected, reader.reading, chunks);
        return;
      }
      const again = this.#files.readAgain(selected);
      const sent = yield* this.#send(selected, again);
      this.#taker.keepFile(selected, again.reading, sent);
    } catch (error) {
      if (this.#writer.isOpen) this.#writer.discard();
      yield* this.#writer.take();
      this.#taker.fail(selected, error);
    }
  }

  /** The ids of the chunks; or null if the file must be read again to be sent. */
  async *#sendUnlessKnown(selected: SelectedEntry, reader: ChunkSource): AsyncGenerator<ObjectEvent, number[] | null> {
    const ids: number[] = [];
    let held: Buffer[] = [];
    let heldBytes = 0;
    let tooMuch = false;
    let isNew = false;
    for await (const { bytes, sha256, offset } of reader.chunks()) {
      // While all of it is known nothing goes on, and nobody behind says that the run is over.
      this.#context.signal.throwIfAborted();
      if (!isNew) {
        const known = this.#volumes.knownChunk(sha256);
        // A stream cannot be read again: it is sent at once, and dropped at its end if all of it was known.
        if (known !== null && !selected.stream) {
          ids.push(known);
          tooMuch ||= (heldBytes += bytes.length) > mostHeld;
          if (tooMuch) held = [];
          else held.push(Buffer.from(bytes));
          continue;
        }
        if (tooMuch) return null;
        isNew = true;
        this.#open(selected, sha256);
        let at = 0;
        for (const [index, part] of held.entries()) {
          ids[index] = this.#writer.addPlace(hash('sha256', part, 'buffer'), at, part.length);
          this.#writer.write(part);
          at += part.length;
        }
        held = [];
      }
      ids.push(this.#writer.addPlace(sha256, offset, bytes.length));
      this.#writer.write(bytes);
      yield* this.#writer.take();
    }
    if (this.#writer.isOpen) this.#close();
    return ids;
  }

  async *#send(selected: SelectedEntry, reader: ChunkSource): AsyncGenerator<ObjectEvent, number[]> {
    const ids: number[] = [];
    for await (const { bytes, sha256, offset } of reader.chunks()) {
      if (!this.#writer.isOpen) this.#open(selected, sha256);
      ids.push(this.#writer.addPlace(sha256, offset, bytes.length));
      this.#writer.write(bytes);
      yield* this.#writer.take();
    }
    if (this.#writer.isOpen) this.#close();
    return ids;
  }

  #open({ entry, stream }: SelectedEntry, firstChunk: Buffer): void {
    this.#writer.open(this.#chooseName(entry.path, firstChunk), stream ? Infinity : entry.size);
  }

  #close(): void {
    this.#writer.close();
    this.#context.count({ objects: 1 });
  }

  /**
   * The file's own path where every target takes it and no earlier version has it; else with the run's id, so that the
   * version before stays; else a name of bat's own making. The manifest has the truth.
   */
  #chooseName(path: string, firstChunk: Buffer): string {
    const own = `${this.#context.source.id}/${path}`;
    const unique = hash('sha256', Buffer.concat([encodePath(`${this.#context.run}/${own}`), firstChunk]));
    const candidates = [...(this.#shared ? [] : [own]), `${own}.${this.#context.run}`];
    const name = candidates.find((candidate) => this.#isFree(candidate)) ?? `files/${unique}`;
    this.#names.reserveNames(this.#context.downstream.map((lane) => name + suffixOf(lane)), this.#context.run);
    return name;
  }

  /** Two machines that write to one store could take the same name at the same moment: there only names with the run's id are safe. */
  #isShared(): boolean {
    const stores = new Stores(this.#context.catalog);
    return this.#context.downstream.some((lane) => lane.targets.some((id) => this.#context.targets.has(id) && !stores.isSoleWriter(id)));
  }

  #isFree(name: string): boolean {
    return this.#context.downstream.every((lane) => {
      const full = name + suffixOf(lane);
      const accepted = lane.targets.every((id) => this.#context.acceptsName(id, full));
      return accepted && !this.#names.nameIsTaken(full);
    });
  }
}

