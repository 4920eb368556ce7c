/** Reads a manifest as a stream. Nothing of it is believed: each value is looked at. */
import { newSha256, type Sha256 } from '#native/crypto';
import type { EntryType } from '../core/entry.ts';
import { BatError } from '../core/bat-error.ts';
import { damagedLine, Fields } from './manifest-fields.ts';
import { manifestVersion, type FolderAttributes, type ManifestChunk, type ManifestEnd, type ManifestEntry, type ManifestHeader, type ManifestLine, type ManifestVolume, type PlanFile } from './manifest.ts';
import { isPublicKey, isSignedBy } from './signature.ts';

/**
 * Reads a manifest's lines in their order: the header first, the end last, which says whether the signature holds: nothing
 * of a manifest may be used before. Throws OBJECT_DAMAGED for anything that is not what `encodeLine` makes,
 * MANIFEST_CUT_OFF where lines of a signed one are missing, FORMAT_UNSUPPORTED for a version from the future.
 * `passOver`: files of which nothing is wanted. Their lines count, and are signed, but are neither looked at nor given: of a
 * million lines the few that matter are found four times as fast.
 */
export async function* readManifest(bytes: AsyncIterable<Uint8Array>, subject: string, passOver?: (path: string) => boolean): AsyncGenerator<ManifestLine> {
  const counts = { volumes: 0, entries: 0, removed: 0 };
  let number = 0;
  let ended = false;
  let signed: SignedLines | null = null;
  for await (const lines of splitLines(bytes, (before) => damagedLine(subject, before + 1, 'it is too long'))) {
    for (const text of lines) {
      number++;
      if (ended) throw damagedLine(subject, number, 'there are lines after its end');
      if (passOver && number > 1 && isPassedOver(text, passOver)) {
        counts.entries++;
        signed?.add(text);
        continue;
      }
      const line = parseLine(text, subject, number);
      if ((line.kind === 'header') !== (number === 1)) throw damagedLine(subject, number, 'the header is not its first line');
      if (line.kind === 'header' && line.header.signer !== undefined) signed = new SignedLines(line.header.signer);
      if (line.kind === 'volume') counts.volumes++;
      if (line.kind === 'entry') counts.entries++;
      if (line.kind === 'removed') counts.removed++;
      if (line.kind === 'end') {
        ended = true;
        if (line.volumes !== counts.volumes || line.entries !== counts.entries || line.removed !== counts.removed) {
          throw signed ? cutOff(subject, 'its counts do not fit its lines') : damagedLine(subject, number, 'its counts do not fit its lines');
        }
        if (signed) line.isGenuine = signed.isGenuine(line);
      }
      signed?.add(text);
      yield line;
    }
  }
  if (!ended) throw signed ? cutOff(subject, 'it ends too early') : damagedLine(subject, number, 'it ends too early');
}

/** The SHA-256 of the lines as they go by. */
class SignedLines {
  readonly #signer: string;
  readonly #hash: Sha256 = newSha256();
  /** A call for each line would cost more than the hash. */
  #text = '';

  constructor(signer: string) {
    this.#signer = signer;
  }

  add(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length < 64 * 1024) return;
    this.#hash.update(this.#text);
    this.#text = '';
  }

  isGenuine({ signature = '' }: ManifestEnd): boolean {
    this.#hash.update(this.#text);
    return isSignedBy(this.#signer, 'manifest', this.#hash.digest(), signature);
  }
}

const beforePath = '{"path":"';
const behindPathOfFile = '","type":"file",';

/** Only lines in the very form in which `encodeLine` begins those of files; all others are looked at. */
function isPassedOver(line: string, passOver: (path: string) => boolean): boolean {
  if (!line.startsWith(beforePath)) return false;
  const end = line.indexOf('"', beforePath.length);
  const path = line.slice(beforePath.length, end);
  // A path with a backslash is written as JSON, and may go on behind that quotation mark.
  return line.startsWith(behindPathOfFile, end) && !path.includes('\\') && passOver(path);
}

/** As docs/format.md has it, in characters. Text that is longer fits into no string. */
const longestLine = 511 * 1024 * 1024;

/** The lines that have come whole, as many at a time as there are: a step of a generator for each would cost more than most of them do. */
async function* splitLines(bytes: AsyncIterable<Uint8Array>, tooLong: (linesBefore: number) => BatError): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let number = 0;
  // Joined once, at the end of the line: each piece is looked through a single time.
  let begun: string[] = [];
  let length = 0;
  for await (const piece of bytes) {
    const lines = decoder.decode(piece, { stream: true }).split('\n');
    length += lines[0]!.length;
    if (length > longestLine) throw tooLong(number);
    if (lines.length === 1) {
      begun.push(lines[0]!);
      continue;
    }
    lines[0] = begun.join('') + lines[0]!;
    const rest = lines.pop()!;
    begun = [rest];
    length = rest.length;
    number += lines.length;
    yield lines;
  }
  const rest = begun.join('') + decoder.decode();
  if (rest !== '') yield [rest];
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
    const counts = { volumes: end.count('volumes'), entries: end.count('entries'), removed: end.count('removed') };
    return { kind: 'end', ...counts, ...(json['signature'] === undefined ? {} : { signature: fields.text('signature') }) };
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
    ...parseSigner(fields),
    roots: fields.list('roots').map((root) => {
      const inner = fields.inner(root);
      return { prefix: inner.text('prefix'), path: inner.text('path') };
    }),
    files: fields.count('files'),
    bytes: fields.count('bytes'),
    ...(fields.json['recipients'] === undefined ? {} : { recipients: fields.texts('recipients') }),
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

function parseSigner(fields: Fields): Pick<ManifestHeader, 'signer' | 'serial' | 'baseSerial' | 'planFile'> {
  const { signer, baseSerial, planFile } = fields.json;
  const plan = planFile === undefined ? {} : { planFile: parsePlanFile(fields.inner(planFile)) };
  if (signer === undefined) return plan;
  if (!isPublicKey(signer)) throw fields.wrong('signer');
  return { signer, serial: fields.count('serial'), baseSerial: baseSerial === null ? null : fields.count('baseSerial'), ...plan };
}

function parsePlanFile(fields: Fields): PlanFile {
  return { name: fields.text('name'), text: fields.text('text') };
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
    ...parseRecipients(fields),
    ...(fields.json['copyOf'] === undefined ? {} : { copyOf: fields.text('copyOf') }),
    frames: fields.list('frames').map((frame) => {
      const [decoded, stored] = fields.numbers(frame, 2, 'frames');
      return { decoded: decoded!, stored: stored! };
    }),
    targets: (fields.json['targets'] ?? {}) as ManifestVolume['targets'],
  };
  if (codec !== 'none' && volume.frames.reduce((sum, frame) => sum + frame.decoded, 0) !== volume.decoded) throw fields.wrong('frames');
  return volume;
}

function parseRecipients(fields: Fields): Pick<ManifestVolume, 'recipients'> {
  const { recipients } = fields.json;
  if (recipients === undefined) return {};
  return { recipients: Array.isArray(recipients) ? fields.texts('recipients') : fields.count('recipients') };
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

function cutOff(subject: string, what: string): BatError {
  return new BatError('MANIFEST_CUT_OFF', `The manifest ${subject} was cut off: ${what}.`, { hint: 'Restore from another target, or an earlier snapshot.', subject });
}
