/**
 * The manifest of a snapshot as JSON lines, written and read as a stream: a header, the objects that hold its chunks,
 * the entries, the paths removed since its base, and an end line with the counts, so that a cut-off one is known as such.
 * docs/format.md, "Manifests", is the description for a second reader.
 */
import type { Entry, EntryType } from '../core/entry.ts';
import { BatError } from '../core/errors.ts';
import { decodePath, encodePath } from '../core/paths.ts';
import type { Codec, Frame } from './frames.ts';

const manifestVersion = 1;

export interface ManifestHeader {
  snapshot: string;
  plan: string;
  source: string;
  category: string;
  run: string;
  /** ISO 8601, UTC. */
  time: string;
  host: string;
  /** Of bat. */
  version: string;
  /** The snapshot whose entries these are laid over, or null if all entries are here. */
  base: string | null;
  /** Where the entries came from: what `--in-place` goes back to. Empty for a command. */
  roots: { prefix: string; path: string }[];
  /** Of the folder that the source itself is; absent where it is no single folder. */
  top?: FolderAttributes;
  /** Of the whole snapshot. */
  files: number;
  bytes: number;
}

export type FolderAttributes = Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime'>;

export interface ManifestVolume {
  /** Chunks refer to it by this number, within this manifest only. */
  number: number;
  name: string;
  size: number;
  /** Of the bytes as they are stored, hex. */
  sha256: string;
  decoded: number;
  codec: Codec;
  sealed: boolean;
  frames: Frame[];
  /** The targets that held it when this was written, with the pieces they keep it in. */
  targets: Record<string, { parts: number; checksum?: string; storageClass?: string }>;
}

export interface ManifestChunk {
  volume: number;
  offset: number;
  length: number;
  /** Hex. */
  sha256: string;
}

export interface ManifestEntry extends Entry {
  /** Of a file's whole bytes, hex. */
  sha256?: string;
  /** In the order of the file; empty for an empty file. Only files have them. */
  chunks?: ManifestChunk[];
}

export type ManifestLine =
  | { kind: 'header'; header: ManifestHeader }
  | { kind: 'volume'; volume: ManifestVolume }
  | { kind: 'entry'; entry: ManifestEntry }
  | { kind: 'removed'; path: string }
  | { kind: 'end'; volumes: number; entries: number; removed: number };

/** One line of JSON, newline included. */
export function encodeLine(line: ManifestLine): string {
  return `${JSON.stringify(toJson(line))}\n`;
}

/**
 * Reads a manifest's lines in their order: the header first, the end last. Throws OBJECT_DAMAGED for anything that
 * is not what `encodeLine` makes, FORMAT_UNSUPPORTED for a version from the future.
 */
export async function* readManifest(bytes: AsyncIterable<Uint8Array>, subject: string): AsyncGenerator<ManifestLine> {
  const counts = { volumes: 0, entries: 0, removed: 0 };
  let number = 0;
  let ended = false;
  for await (const text of splitLines(bytes)) {
    number++;
    if (ended) throw damaged(subject, number, 'there are lines after its end');
    const line = parseLine(text, subject, number);
    if ((line.kind === 'header') !== (number === 1)) throw damaged(subject, number, 'the header is not its first line');
    if (line.kind === 'volume') counts.volumes++;
    if (line.kind === 'entry') counts.entries++;
    if (line.kind === 'removed') counts.removed++;
    if (line.kind === 'end') {
      ended = true;
      if (line.volumes !== counts.volumes || line.entries !== counts.entries || line.removed !== counts.removed) {
        throw damaged(subject, number, 'its counts do not fit its lines');
      }
    }
    yield line;
  }
  if (!ended) throw damaged(subject, number, 'it ends too early');
}

async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  for await (const piece of bytes) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

function toJson(line: ManifestLine): unknown {
  switch (line.kind) {
    case 'header': {
      const { top, ...rest } = line.header;
      return { manifest: manifestVersion, ...rest, ...(top && { top: { ...top, mode: modeText(top.mode) } }) };
    }
    case 'volume': {
      const { number, frames, ...rest } = line.volume;
      return { volume: number, ...rest, frames: frames.map((frame) => [frame.decoded, frame.stored]) };
    }
    case 'entry': {
      const { path, mode, link, chunks, sha256, sparse, ...rest } = line.entry;
      return {
        ...named('path', path),
        ...rest,
        mode: modeText(mode),
        ...(link === undefined ? {} : named('link', link)),
        ...(sparse ? { sparse: true } : {}),
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(chunks ? { chunks: chunks.map((chunk) => encodeChunk(chunk, chunks.length === 1)) } : {}),
      };
    }
    case 'removed':
      return named('removed', line.path);
    case 'end':
      return { end: { volumes: line.volumes, entries: line.entries, removed: line.removed } };
  }
}

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** The only chunk of a file has the file's own hash, which need not stand there twice. */
function encodeChunk(chunk: ManifestChunk, only: boolean): (number | string)[] {
  const place = [chunk.volume, chunk.offset, chunk.length];
  return only ? place : [...place, chunk.sha256];
}

/** `path`, or `path64` with the bytes in base64 where the name is not text. */
function named(key: string, path: string): Record<string, string> {
  return path.isWellFormed() ? { [key]: path } : { [`${key}64`]: encodePath(path).toString('base64') };
}

function parseLine(text: string, subject: string, number: number): ManifestLine {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw damaged(subject, number, 'it is not JSON', error);
  }
  const fields = new Fields(json, subject, number);
  if ('manifest' in json) return { kind: 'header', header: parseHeader(fields) };
  if ('volume' in json) return { kind: 'volume', volume: parseVolume(fields) };
  if ('end' in json) {
    const end = new Fields(json['end'] as Record<string, unknown>, subject, number);
    return { kind: 'end', volumes: end.count('volumes'), entries: end.count('entries'), removed: end.count('removed') };
  }
  if ('removed' in json || 'removed64' in json) return { kind: 'removed', path: fields.name('removed') };
  return { kind: 'entry', entry: parseEntry(fields) };
}

function parseHeader(fields: Fields): ManifestHeader {
  const version = fields.count('manifest');
  if (version > manifestVersion) {
    throw new BatError('FORMAT_UNSUPPORTED', `${fields.subject} was written by a newer bat (format ${version}).`, {
      hint: 'Update bat, then try again.',
      subject: fields.subject,
    });
  }
  return {
    snapshot: fields.text('snapshot'),
    plan: fields.text('plan'),
    source: fields.text('source'),
    category: fields.text('category'),
    run: fields.text('run'),
    time: fields.text('time'),
    host: fields.text('host'),
    version: fields.text('version'),
    base: fields.json['base'] === null ? null : fields.text('base'),
    roots: fields.list('roots').map((root) => {
      const inner = fields.inner(root);
      return { prefix: inner.text('prefix'), path: inner.text('path') };
    }),
    files: fields.count('files'),
    bytes: fields.count('bytes'),
    ...(fields.json['top'] === undefined ? {} : { top: parseAttributes(fields.inner(fields.json['top'])) }),
  };
}

function parseAttributes(fields: Fields): FolderAttributes {
  const mode = fields.text('mode');
  if (!/^[0-7]{4}$/.test(mode)) throw fields.wrong('mode');
  const mtime = fields.text('mtime');
  if (!/^-?\d+\.\d{9}$/.test(mtime)) throw fields.wrong('mtime');
  return { mode: Number.parseInt(mode, 8), uid: fields.count('uid'), gid: fields.count('gid'), mtime };
}

function parseVolume(fields: Fields): ManifestVolume {
  const codec = fields.text('codec');
  if (codec !== 'zstd' && codec !== 'gzip' && codec !== 'none') throw fields.wrong('codec');
  const volume: ManifestVolume = {
    number: fields.count('volume'),
    name: fields.text('name'),
    size: fields.count('size'),
    sha256: fields.hash('sha256'),
    decoded: fields.count('decoded'),
    codec,
    sealed: fields.json['sealed'] === true,
    frames: fields.list('frames').map((frame) => {
      const [decoded, stored] = fields.numbers(frame, 2, 'frames');
      return { decoded: decoded!, stored: stored! };
    }),
    targets: (fields.json['targets'] ?? {}) as ManifestVolume['targets'],
  };
  if (codec !== 'none' && volume.frames.reduce((sum, frame) => sum + frame.decoded, 0) !== volume.decoded) throw fields.wrong('frames');
  return volume;
}

const entryTypes: readonly string[] = ['file', 'directory', 'symlink', 'hardlink', 'fifo'] satisfies EntryType[];

function parseEntry(fields: Fields): ManifestEntry {
  const type = fields.text('type');
  if (!entryTypes.includes(type)) throw fields.wrong('type');
  const entry: ManifestEntry = {
    path: fields.name('path'),
    type: type as EntryType,
    ...parseAttributes(fields),
    size: fields.count('size'),
  };
  if (type === 'symlink' || type === 'hardlink') entry.link = fields.name('link');
  if (fields.json['sparse'] === true) entry.sparse = true;
  if (type === 'file') {
    entry.sha256 = fields.hash('sha256');
    entry.chunks = parseChunks(fields, entry.sha256);
    if (entry.chunks.reduce((sum, chunk) => sum + chunk.length, 0) !== entry.size) throw fields.wrong('chunks');
  }
  return entry;
}

function parseChunks(fields: Fields, fileHash: string): ManifestChunk[] {
  const list = fields.list('chunks');
  return list.map((item) => {
    if (!Array.isArray(item)) throw fields.wrong('chunks');
    const [volume, offset, length] = fields.numbers(item.slice(0, 3), 3, 'chunks');
    const sha256 = list.length === 1 ? fileHash : (item as unknown[])[3];
    if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw fields.wrong('chunks');
    return { volume: volume!, offset: offset!, length: length!, sha256 };
  });
}

/** Takes fields out of a parsed line, each of the type it must have. */
class Fields {
  readonly json: Record<string, unknown>;
  readonly subject: string;
  readonly line: number;

  constructor(json: unknown, subject: string, line: number) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw damaged(subject, line, 'it is not an object');
    this.json = json as Record<string, unknown>;
    this.subject = subject;
    this.line = line;
  }

  inner(value: unknown): Fields {
    return new Fields(value, this.subject, this.line);
  }

  text(key: string): string {
    const value = this.json[key];
    if (typeof value !== 'string') throw this.wrong(key);
    return value;
  }

  count(key: string): number {
    const value = this.json[key];
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.wrong(key);
    return value as number;
  }

  hash(key: string): string {
    const value = this.text(key);
    if (!/^[0-9a-f]{64}$/.test(value)) throw this.wrong(key);
    return value;
  }

  name(key: string): string {
    const encoded = this.json[`${key}64`];
    return typeof encoded === 'string' ? decodePath(Buffer.from(encoded, 'base64')) : this.text(key);
  }

  list(key: string): unknown[] {
    const value = this.json[key];
    if (!Array.isArray(value)) throw this.wrong(key);
    return value;
  }

  numbers(value: unknown, length: number, key: string): number[] {
    if (!Array.isArray(value) || value.length !== length || !value.every((item) => Number.isSafeInteger(item) && item >= 0)) throw this.wrong(key);
    return value as number[];
  }

  wrong(key: string): BatError {
    return damaged(this.subject, this.line, `its "${key}" is not what it should be`);
  }
}

function damaged(subject: string, line: number, what: string, cause?: unknown): BatError {
  return new BatError('OBJECT_DAMAGED', `The manifest ${subject} is damaged at line ${line}: ${what}.`, {
    hint: 'Restore from another target, or an earlier snapshot.',
    subject,
    cause,
  });
}
