/** Reads a manifest as a stream. Nothing of it is believed: each value is looked at. */
import type { EntryType } from '../core/entry.ts';
import { BatError } from '../core/errors.ts';
import { damagedLine, Fields } from './manifest-fields.ts';
import { manifestVersion, type FolderAttributes, type ManifestChunk, type ManifestEntry, type ManifestHeader, type ManifestLine, type ManifestVolume } from './manifest.ts';

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
    if (ended) throw damagedLine(subject, number, 'there are lines after its end');
    const line = parseLine(text, subject, number);
    if ((line.kind === 'header') !== (number === 1)) throw damagedLine(subject, number, 'the header is not its first line');
    if (line.kind === 'volume') counts.volumes++;
    if (line.kind === 'entry') counts.entries++;
    if (line.kind === 'removed') counts.removed++;
    if (line.kind === 'end') {
      ended = true;
      if (line.volumes !== counts.volumes || line.entries !== counts.entries || line.removed !== counts.removed) {
        throw damagedLine(subject, number, 'its counts do not fit its lines');
      }
    }
    yield line;
  }
  if (!ended) throw damagedLine(subject, number, 'it ends too early');
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

function parseLine(text: string, subject: string, number: number): ManifestLine {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw damagedLine(subject, number, 'it is not JSON', error);
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
    ...(fields.json['tags'] === undefined ? {} : { tags: parseTags(fields) }),
    ...(fields.json['protected'] === true ? { protected: true } : {}),
  };
}

function parseTags(fields: Fields): string[] {
  const tags = fields.list('tags');
  if (!tags.every((tag) => typeof tag === 'string')) throw fields.wrong('tags');
  return tags;
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
