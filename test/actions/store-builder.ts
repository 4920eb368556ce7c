/** Writes a store into a folder, in the format and with none of the code that backs up; and a target that reads it. */
import { createHash, hash } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { Entry } from '../../src/core/entry.ts';
import { BatError } from '../../src/core/errors.ts';
import { encodePath } from '../../src/core/paths.ts';
import type { ObjectStat, Target, TargetCapabilities } from '../../src/targets/target.ts';
import { createSealerFactory, generateIdentity } from '../../src/volume/age.ts';
import { encodeDocument } from '../../src/volume/document-writing.ts';
import { codecSuffix, type Codec, type Frame } from '../../src/volume/frames.ts';
import { encodeFrame } from '../volume/encode-frame.ts';
import { encodeLine } from '../../src/volume/manifest-writing.ts';
import type { ManifestEntry, ManifestHeader, ManifestLine, ManifestVolume } from '../../src/volume/manifest.ts';
import { manifestName, snapshotId, volumeName } from '../../src/volume/names.ts';
import { encodeSeekTable } from '../../src/volume/seek-table.ts';
import { endOfArchive, memberHeader, padding } from '../../src/volume/tar-writer.ts';

/** An entry of a snapshot to build; a file's content is given whole or in its chunks. */
export type Given = Partial<Entry> & { path: string; content?: string | Buffer | readonly Buffer[] };

export interface SnapshotOptions {
  run?: string;
  source?: string;
  base?: string | null;
  removed?: string[];
  /** Changes the lines of the manifest before they are written. */
  tamper?: (lines: ManifestLine[]) => ManifestLine[];
}

export interface StoreOptions {
  codec?: Codec;
  recipients?: string[];
  /** Without it every file is an object of its own. */
  tar?: boolean;
  frameSize?: number;
  volumeSize?: number;
}

const firstRun = '20260101-000000-aaaa';
const defaultMtime = '1700000000.123456789';

interface OpenVolume {
  name: string;
  pieces: Buffer[];
  length: number;
}

export class StoreBuilder {
  readonly folder: string;
  readonly #codec: Codec;
  readonly #tar: boolean;
  readonly #frameSize: number;
  readonly #volumeSize: number;
  readonly #recipients: string[];
  readonly #volumes: ManifestVolume[] = [];
  readonly #places = new Map<string, { volume: number; offset: number; length: number }>();
  #open: OpenVolume | null = null;
  #number = 0;

  constructor(folder: string, options: StoreOptions = {}) {
    this.folder = folder;
    this.#codec = options.codec ?? 'zstd';
    this.#tar = options.tar ?? true;
    this.#frameSize = options.frameSize ?? 64 * 1024;
    this.#volumeSize = options.volumeSize ?? Infinity;
    this.#recipients = options.recipients ?? [];
  }

  get suffix(): string {
    return codecSuffix[this.#codec] + (this.#recipients.length > 0 ? '.age' : '');
  }

  get volumeNames(): string[] {
    return this.#volumes.map(({ name }) => name);
  }

  /** Stores a snapshot and returns its id. */
  async snapshot(given: readonly Given[], options: SnapshotOptions = {}): Promise<string> {
    const { run = firstRun, source = 'docs', base = null, removed = [], tamper = (lines) => lines } = options;
    const id = snapshotId(run, source);
    const entries: ManifestEntry[] = [];
    for (const item of given) entries.push(await this.#entry(item, source, run));
    await this.#closeVolume();
    const used = new Set(entries.flatMap((entry) => (entry.chunks ?? []).map(({ volume }) => volume)));
    const header: ManifestHeader = {
      snapshot: id, plan: 'plan', source, category: '', run, time: new Date(0).toISOString(), host: 'host', version: '0', base,
      roots: [{ prefix: '', path: '/nowhere' }], files: 0, bytes: 0,
    };
    const volumes = this.#volumes.filter(({ number }) => used.has(number));
    const lines = tamper([
      { kind: 'header', header },
      ...volumes.map((volume) => ({ kind: 'volume' as const, volume })),
      ...entries.map((entry) => ({ kind: 'entry' as const, entry })),
      ...removed.map((path) => ({ kind: 'removed' as const, path })),
      { kind: 'end', volumes: volumes.length, entries: entries.length, removed: removed.length },
    ]);
    const last = lines.at(-1)!;
    if (last.kind === 'end') {
      last.volumes = lines.filter(({ kind }) => kind === 'volume').length;
      last.entries = lines.filter(({ kind }) => kind === 'entry').length;
    }
    await this.write(manifestName(id, this.suffix), Buffer.from(lines.map(encodeLine).join('')));
    return id;
  }

  /** A document under a name of this store. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    const newSealer = this.#recipients.length > 0 ? await createSealerFactory(this.#recipients) : null;
    const pieces: Uint8Array[] = [];
    for await (const piece of encodeDocument(oneOf(bytes), { codec: this.#codec, level: 3, newSealer })) pieces.push(piece);
    put(this.folder, name, Buffer.concat(pieces));
  }

  async #entry(given: Given, source: string, run: string): Promise<ManifestEntry> {
    const { content, ...rest } = given;
    const entry: ManifestEntry = { type: content === undefined ? 'directory' : 'file', mode: content === undefined ? 0o755 : 0o644, uid: 0, gid: 0, mtime: defaultMtime, size: 0, ...rest };
    if (entry.type !== 'file') return entry;
    const chunks = chunksOf(content ?? '');
    const whole = createHash('sha256');
    entry.chunks = [];
    let position = 0;
    for (const chunk of chunks) {
      const name = chunks.length === 1 ? given.path : `${given.path}.bat-${String(position).padStart(16, '0')}`;
      const sha256 = hash('sha256', chunk, 'hex');
      const place = this.#places.get(sha256) ?? (await this.#store(entry, `${source}/${name}`, chunk, run));
      this.#places.set(sha256, place);
      entry.chunks.push({ ...place, sha256 });
      whole.update(chunk);
      position += chunk.length;
    }
    entry.size = position;
    entry.sha256 = whole.digest('hex');
    return entry;
  }

  async #store(entry: Entry, path: string, chunk: Buffer, run: string): Promise<{ volume: number; offset: number; length: number }> {
    if (!this.#tar) {
      await this.#closeVolume();
      this.#open = { name: /^[\w./-]+$/.test(path) ? path : `files/${hash('sha256', encodePath(path))}`, pieces: [chunk], length: chunk.length };
      const place = { volume: this.#volumes.length, offset: 0, length: chunk.length };
      await this.#closeVolume();
      return place;
    }
    if (this.#open && this.#open.length + chunk.length > this.#volumeSize) await this.#closeVolume();
    this.#open ??= { name: volumeName(run, this.#number++), pieces: [], length: 0 };
    const { mode, uid, gid, mtime } = entry;
    // What the tar calls it is of no interest where the manifest is a hostile one.
    const name = /\0|\/$/.test(path) ? 'hostile' : path;
    const header = memberHeader({ path: encodePath(name), type: 'file', mode, uid, gid, mtime, size: chunk.length });
    const place = { volume: this.#volumes.length, offset: this.#open.length + header.length, length: chunk.length };
    for (const piece of [header, chunk, Buffer.alloc(padding(chunk.length))]) {
      this.#open.pieces.push(piece);
      this.#open.length += piece.length;
    }
    return place;
  }

  async #closeVolume(): Promise<void> {
    if (!this.#open) return;
    const plain = Buffer.concat(this.#tar ? [...this.#open.pieces, endOfArchive] : this.#open.pieces);
    const name = this.#open.name + this.suffix;
    this.#open = null;
    const frames: Frame[] = [];
    const stored: Uint8Array[] = [];
    for (let at = 0; at < plain.length && this.#codec !== 'none'; at += this.#frameSize) {
      const piece = plain.subarray(at, at + this.#frameSize);
      const frame = await encodeFrame(this.#codec, 3, piece);
      frames.push({ decoded: piece.length, stored: frame.length });
      stored.push(frame);
    }
    if (this.#codec === 'none') stored.push(plain);
    if (this.#codec === 'zstd') stored.push(encodeSeekTable(frames));
    const bytes = await this.#seal(Buffer.concat(stored));
    put(this.folder, name, bytes);
    this.#volumes.push({
      number: this.#volumes.length, name, size: bytes.length, sha256: hash('sha256', bytes), decoded: plain.length, codec: this.#codec,
      sealed: this.#recipients.length > 0, frames, targets: {},
    });
  }

  async #seal(bytes: Buffer): Promise<Buffer> {
    if (this.#recipients.length === 0) return bytes;
    const sealer = await (await createSealerFactory(this.#recipients))();
    return Buffer.concat([sealer.header, ...sealer.update(bytes), ...sealer.final()]);
  }
}

/** A target that reads a folder, and what may go wrong with it. */
export class FolderTarget implements Target {
  readonly id: string;
  readonly type = 'folder';
  readonly location: string;
  readonly capabilities: TargetCapabilities = { partSize: 2 ** 20, listing: 'cheap', parallel: 1 };
  /** Name, offset and length of each read, in their order. */
  readonly reads: [name: string, offset: number, length: number][] = [];
  /** Called before each read; may throw. */
  onRead: (name: string) => void = () => undefined;
  onConnect: () => void = () => undefined;

  constructor(id: string, folder: string) {
    this.id = id;
    this.location = folder;
  }

  async connect(): Promise<void> {
    this.onConnect();
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    this.reads.push([name, offset, length]);
    this.onRead(name);
    let bytes: Buffer;
    try {
      bytes = fs.readFileSync(join(this.location, name));
    } catch (error) {
      throw new BatError('OBJECT_MISSING', `${name} is not there`, { cause: error, subject: name });
    }
    if (offset + length > bytes.length) throw new BatError('OBJECT_DAMAGED', `${name} ends too early`, { subject: name });
    return bytes.subarray(offset, offset + length);
  }

  async *list(prefix: string): AsyncGenerator<ObjectStat> {
    for (const item of fs.readdirSync(this.location, { recursive: true, withFileTypes: true })) {
      const name = join(item.parentPath, item.name).slice(this.location.length + 1);
      if (item.isFile() && name.startsWith(prefix)) yield { name, size: fs.statSync(join(this.location, name)).size };
    }
  }

  async stat(name: string): Promise<ObjectStat | null> {
    const stat = fs.statSync(join(this.location, name), { throwIfNoEntry: false });
    return stat ? { name, size: stat.size } : null;
  }

  acceptsName(): boolean {
    return true;
  }
  put(): never {
    throw new Error('a restore writes nothing');
  }
  open(): never {
    throw new Error('a restore writes nothing');
  }
  remove(): never {
    throw new Error('a restore removes nothing');
  }
  sweep(): never {
    throw new Error('a restore removes nothing');
  }
  async close(): Promise<void> {
    // Nothing is open.
  }
}

export async function newKey(): Promise<{ identity: string; recipient: string }> {
  return generateIdentity('x25519');
}

/** Bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed: string): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, block = 0; at < length; at += 32) hash('sha256', `${seed} ${block++}`, 'buffer').copy(bytes, at);
  return bytes;
}

function put(folder: string, name: string, bytes: Uint8Array): void {
  fs.mkdirSync(dirname(join(folder, name)), { recursive: true });
  fs.writeFileSync(join(folder, name), bytes);
}

function chunksOf(content: string | Buffer | readonly Buffer[]): readonly Buffer[] {
  if (Array.isArray(content)) return content as readonly Buffer[];
  return content.length === 0 ? [] : [Buffer.from(content as string)];
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
