/**
 * The step `tar`: packs what is new into volumes. Each file is read once; its chunks that are stored already are left
 * out. How a file goes in is docs/format.md, "The tar inside"; every entry that was taken in goes into the draft.
 */
import type { Entry } from '../core/entry.ts';
import { BatError } from '../core/errors.ts';
import { encodePath, resolvePath } from '../core/paths.ts';
import { parseSize, sizePattern } from '../core/units.ts';
import { Volumes } from '../catalog/volumes.ts';
import { volumeName } from '../volume/names.ts';
import { endOfArchive, memberHeader, padding } from '../volume/tar-writer.ts';
import type { ObjectEvent, SelectedEntry } from './flow.ts';
import { EntryTaker } from './shared/entry-taker.ts';
import { ReadAhead } from './shared/reading/read-ahead.ts';
import { entryAsRead, smallFile, type FileChunk } from './shared/reading/reading.ts';
import { frameSize, VolumeWriter } from './shared/volume-writer.ts';
import type { StepContext, StepType } from './step.ts';

export interface TarOptions {
  volume?: string;
  spool?: string;
}

const defaultVolume = '128MiB';
/** The least that makes sense: a run of chunks and its header must fit. */
const smallestVolume = 20 * 1024 * 1024;
/** A run of new chunks is kept in memory until its length is known; a tar header needs it first. */
const longestRun = 4 * 1024 * 1024;
/** Folders and links wait for a volume to be opened: a change of nothing but these opens none. The manifest has them anyway. */
const mostWaiting = 2000;
const zeros = Buffer.alloc(64 * 1024);

export const tarStep: StepType<TarOptions> = {
  kind: 'tar',
  summary: 'Packs new files into tar volumes; what is stored already is left out.',
  takes: ['entries'],
  gives: 'objects',
  schema: {
    type: 'object',
    description: 'Packs new files into tar volumes of a set size; chunks that are stored already are left out.',
    additionalProperties: false,
    examples: [{ volume: '128MiB' }],
    properties: {
      volume: {
        description: `How large a volume may get before it is compressed; at least 20MiB. Default: ${defaultVolume}.`,
        type: ['string', 'integer'],
        pattern: sizePattern,
        minimum: smallestVolume,
        default: defaultVolume,
        examples: ['64MiB', '1GiB'],
      },
      spool: {
        description: 'A folder that keeps each volume, as it will be stored, until its targets have it: a run that was killed sends the rest of it, and no part twice. Needs room for three volumes of each upload. Relative to the plan. Default: volumes are sent while they are made.',
        type: 'string',
        minLength: 1,
        examples: ['/var/tmp/bat-spool'],
      },
    },
  },
  check: (options) => void volumeSizeOf(options),
  shape: (options, setup) => ({ spool: options.spool === undefined ? null : resolvePath(options.spool, setup.folder) }),
  async *run(options, inputs, context) {
    const tar = new Tar(volumeSizeOf(options), context);
    yield* tar.pack(inputs[0] as AsyncIterable<readonly SelectedEntry[]>);
  },
};

/** Bytes. Throws PLAN_INVALID for a volume that is too small. */
export function volumeSizeOf(options: TarOptions): number {
  const size = parseSize(options.volume ?? defaultVolume);
  if (size >= smallestVolume) return size;
  throw new BatError('PLAN_INVALID', `A volume of ${options.volume} is too small.`, { hint: 'Give at least 20MiB.' });
}

class Tar {
  readonly #context: StepContext;
  readonly #volumeSize: number;
  readonly #volumes: Volumes;
  readonly #writer: VolumeWriter;
  readonly #taker: EntryTaker;
  readonly #files = new ReadAhead();
  readonly #waiting: Buffer[] = [];
  /** The run that is held back. */
  #runBytes: Buffer | null = null;
  /** First names in the open volume: a hard link member may name them. */
  readonly #firstNames = new Set<string>();

  constructor(volumeSize: number, context: StepContext) {
    this.#context = context;
    this.#volumeSize = volumeSize;
    this.#volumes = new Volumes(context.catalog);
    this.#writer = new VolumeWriter({ volumes: this.#volumes, maker: context.maker, run: context.run, source: context.source.id });
    this.#taker = new EntryTaker(context);
  }

  async *pack(entries: AsyncIterable<readonly SelectedEntry[]>): AsyncGenerator<ObjectEvent> {
    for await (const group of this.#files.groups(entries, (given) => this.#taker.receive(given))) {
      for (const selected of group) {
        if (selected.entry.type !== 'file') this.#addPlain(selected);
        else if (selected.stream || selected.entry.size > smallFile) yield* this.#addLarge(selected);
        // Not `yield*`, which would wait for a promise even where there is nothing to give.
        else for (const event of this.#addSmall(selected)) yield event;
        for (const event of this.#writer.take()) yield event;
      }
    }
    if (this.#writer.isOpen) this.#closeVolume();
    yield* this.#writer.take();
  }

  #addPlain({ entry, stamp }: SelectedEntry): void {
    this.#taker.keepPlain(entry, stamp);
    if (entry.type === 'hardlink' && !this.#firstNames.has(entry.link!)) return;
    this.#addHeader(this.#header(entry, 0));
  }

  *#addSmall(selected: SelectedEntry): Generator<ObjectEvent> {
    let reading;
    try {
      reading = this.#files.readSmall(selected);
    } catch (error) {
      this.#taker.fail(selected, error);
      return;
    }
    const { bytes, sha256 } = reading;
    const entry = entryAsRead(selected.entry, reading);
    if (bytes.length === 0) {
      this.#addHeader(this.#header(entry, 0));
      this.#taker.keepFile(selected, reading, []);
      return;
    }
    const known = this.#volumes.knownChunk(sha256);
    this.#taker.keepFile(selected, reading, known === null ? yield* this.#addMember(selected, entry, [{ bytes, sha256 }]) : [known]);
  }

  async *#addLarge(selected: SelectedEntry): AsyncGenerator<ObjectEvent> {
    const size = selected.stream ? Infinity : selected.entry.size;
    const reader = this.#files.readLarge(selected);
    const fits = size + 8192 <= this.#volumeSize;
    let file: StreamedMember | Pieces | null = null;
    let counted = 0;
    try {
      for await (const chunk of reader.chunks()) {
        // Of a file whose bytes are all known nothing goes on, and nobody behind says that the run is over.
        this.#context.signal.throwIfAborted();
        if (!file) {
          const looksNew = !selected.before && this.#volumes.knownChunk(chunk.sha256) === null;
          file = looksNew && fits ? this.#beginStreamed(selected) : new Pieces();
        }
        if (file instanceof StreamedMember) {
          file.chunks.push(this.#writer.addPlace(chunk.sha256, file.start + chunk.offset, chunk.bytes.length));
          yield* this.#writeFrames(chunk.bytes);
          file.written += chunk.bytes.length;
        } else {
          yield* this.#addToPieces(selected, file, chunk);
        }
        yield* this.#writer.take();
        counted += chunk.bytes.length;
        this.#context.count({ bytes: chunk.bytes.length });
      }
    } catch (error) {
      this.#taker.fail(selected, error);
      if (file instanceof StreamedMember) yield* this.#fill(file);
      return;
    }
    if (file instanceof StreamedMember) yield* this.#fill(file);
    else if (file) yield* this.#flushRun(selected, file, reader.reading.asRead.size);
    this.#taker.keepFile(selected, reader.reading, file?.chunks ?? [], counted);
  }

  /** A large file that goes in as it is read: its header has said how long it is. */
  #beginStreamed(selected: SelectedEntry): StreamedMember {
    const { entry } = selected;
    const header = this.#header(entry, entry.size);
    this.#makeRoom(header.length + entry.size + padding(entry.size));
    this.#writer.write(header);
    if (selected.firstName) this.#firstNames.add(entry.path);
    return new StreamedMember(entry.size, this.#writer.offset);
  }

  /** Fills up what a file that shrank, or could not be read to its end, still owes the length in its header. */
  *#fill(file: StreamedMember): Generator<ObjectEvent> {
    for (let owed = file.size - file.written; owed > 0; owed -= zeros.length) yield* this.#writeFrames(zeros.subarray(0, Math.min(owed, zeros.length)));
    this.#writer.write(zeros.subarray(0, padding(file.size)));
  }

  *#addToPieces(selected: SelectedEntry, pieces: Pieces, chunk: FileChunk): Generator<ObjectEvent> {
    const inRun = pieces.run.some((other) => other.sha256.equals(chunk.sha256));
    if (inRun || pieces.runLength + chunk.bytes.length > longestRun) yield* this.#flushRun(selected, pieces, null);
    const known = this.#volumes.knownChunk(chunk.sha256);
    if (known !== null) {
      yield* this.#flushRun(selected, pieces, null);
      pieces.chunks.push(known);
      return;
    }
    if (pieces.run.length === 0) pieces.runStart = chunk.offset;
    this.#runBytes ??= Buffer.allocUnsafeSlow(longestRun);
    const bytes = this.#runBytes.subarray(pieces.runLength, pieces.runLength + chunk.bytes.length);
    bytes.set(chunk.bytes);
    pieces.run.push({ bytes, sha256: chunk.sha256 });
    pieces.runLength += bytes.length;
  }

  /** `fileSize`: of the whole file, once it is known. A run that is the whole file needs no piece's name. */
  *#flushRun(selected: SelectedEntry, pieces: Pieces, fileSize: number | null): Generator<ObjectEvent> {
    if (pieces.run.length === 0) return;
    const whole = fileSize === pieces.runLength;
    const suffix = whole ? '' : `.bat-${String(pieces.runStart).padStart(16, '0')}`;
    const entry = { ...selected.entry, path: selected.entry.path + suffix };
    pieces.chunks.push(...(yield* this.#addMember(whole ? selected : null, entry, pieces.run)));
    pieces.run = [];
    pieces.runLength = 0;
  }

  /** A member of known chunks; returns their ids. `selected`: given if the member is the whole file under its own name. */
  *#addMember(selected: SelectedEntry | null, entry: Entry, chunks: readonly { bytes: Buffer; sha256: Buffer }[]): Generator<ObjectEvent, number[]> {
    const size = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    const header = this.#header(entry, size);
    this.#makeRoom(header.length + size + padding(size));
    this.#writer.write(header);
    const ids: number[] = [];
    for (const { bytes, sha256 } of chunks) {
      ids.push(this.#writer.addPlace(sha256, this.#writer.offset, bytes.length));
      yield* this.#writeFrames(bytes);
    }
    this.#writer.write(zeros.subarray(0, padding(size)));
    if (selected?.firstName) this.#firstNames.add(entry.path);
    return ids;
  }

  /** What is full goes on before the rest is copied, so that large bytes are not in memory twice. */
  *#writeFrames(bytes: Uint8Array): Generator<ObjectEvent> {
    for (let from = 0; from < bytes.length; from += frameSize) {
      this.#writer.write(bytes.subarray(from, from + frameSize));
      yield* this.#writer.take();
    }
  }

  #addHeader(header: Buffer): void {
    if (this.#writer.isOpen) {
      this.#makeRoom(header.length);
      this.#writer.write(header);
    } else if (this.#waiting.push(header) > mostWaiting) {
      this.#waiting.splice(0, mostWaiting / 2);
    }
  }

  /** Members carry the source's name first, so that volumes of several sources unpack side by side. */
  #header(entry: Entry, size: number): Buffer {
    const { type, mode, uid, gid, mtime } = entry;
    const source = this.#context.source.id;
    const link = type === 'hardlink' ? `${source}/${entry.link}` : entry.link;
    const path = encodePath(`${source}/${entry.path}`);
    return memberHeader({ path, type, mode, uid, gid, mtime, size, ...(link === undefined ? {} : { link: encodePath(link) }) });
  }

  /** A volume is open afterwards, with room for this many bytes; only a member larger than any volume goes over. */
  #makeRoom(bytes: number): void {
    if (this.#writer.isOpen && this.#writer.offset + bytes + endOfArchive.length > this.#volumeSize) this.#closeVolume();
    if (this.#writer.isOpen) return;
    this.#writer.open(volumeName(this.#context.run, this.#context.nextVolume()), Math.max(this.#volumeSize, bytes));
    for (const header of this.#waiting) this.#writer.write(header);
    this.#waiting.length = 0;
  }

  #closeVolume(): void {
    this.#writer.write(endOfArchive);
    this.#writer.close();
    this.#firstNames.clear();
    this.#context.count({ objects: 1 });
  }
}

class StreamedMember {
  readonly size: number;
  /** Where its bytes begin in the volume. */
  readonly start: number;
  readonly chunks: number[] = [];
  written = 0;

  constructor(size: number, start: number) {
    this.size = size;
    this.start = start;
  }
}

class Pieces {
  readonly chunks: number[] = [];
  run: { bytes: Buffer; sha256: Buffer }[] = [];
  runStart = 0;
  runLength = 0;
}
