/**
 * The headers of the tar inside a volume: POSIX ustar, and before it what ustar cannot say: numbers too large for it in
 * a pax extended header, names too long for it in the GNU long name members ('L' and 'K').
 *
 * Names are bytes here, and stay as they are. A pax `path` would not keep them: it is UTF-8 by definition, bsdtar
 * composes its letters (u and two dots become ü), and fails on it in the C locale; `hdrcharset=BINARY`, meant for
 * other names, makes GNU tar complain. Raw bytes in ustar fields and long name members come back byte by byte from
 * GNU tar and bsdtar, in every locale, without a word; a tar that knows no pax restores the names too.
 *
 * Written here and not by a package because of these bytes: the tar package takes strings only, and turns a name of
 * exactly 100 bytes into `./name`. (Its Header costs 3 µs, this one 2 µs: speed was not the reason.)
 */
import { longNameBody, paxBody, type PaxRecord } from './tar-extension.ts';

export interface Member {
  /** Relative, and written as it is. A directory may leave out its last slash; it is added. */
  path: string | Buffer;
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo';
  /** Only the permission bits, set-id bits and sticky bit are written. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes that follow the header; 0 for all but files. */
  size: number;
  /** Seconds and nine digits of nanoseconds, as one decimal number; negative before 1970. */
  mtime: string;
  /** The nanoseconds of a time since 1970 are written too, which takes a pax header for almost every member. */
  exactTime?: boolean;
  /** Where a symlink points, or the path of the member that a hard link is another name of. */
  link?: string | Buffer;
}

const blockSize = 512;
const typeFlags = { file: '0', hardlink: '1', symlink: '2', directory: '5', fifo: '6', pax: 'x', longPath: 'L', longLink: 'K' };
const nameBytes = 100;
const prefixBytes = 155;
const maxId = 0o7777777;
const maxSizeOrTime = 0o77777777777;
const slash = 0x2f;

/** The header of a member: one block, or more where ustar cannot say it all. Its content and padding follow. */
export function memberHeader(member: Member): Buffer {
  const path = memberPath(member);
  const link = toBytes(member.link ?? '');
  const { uid, gid, size } = member;
  if (size !== 0 && member.type !== 'file') throw new RangeError(`a ${member.type} in a tar has no content`);
  const mtime = wholeSeconds(member.mtime);

  const before: Buffer[] = [];
  const place = placePath(path);
  if (!place) before.push(extension(typeFlags.longPath, longNameBody(path)));
  if (link.length > nameBytes) before.push(extension(typeFlags.longLink, longNameBody(link)));
  const records: PaxRecord[] = [];
  if (size > maxSizeOrTime) records.push({ key: 'size', value: size });
  if (uid > maxId) records.push({ key: 'uid', value: uid });
  if (gid > maxId) records.push({ key: 'gid', value: gid });
  const isExact = member.exactTime === true && mtime >= 0 && !/\.0*$/.test(member.mtime);
  if (isExact || mtime < 0 || mtime > maxSizeOrTime) records.push({ key: 'mtime', value: isExact ? member.mtime : mtime });
  if (records.length > 0) before.push(extension(typeFlags.pax, paxBody(records)));

  const block = ustarBlock({
    ...(place ?? { name: path.subarray(0, nameBytes), prefix: noBytes }),
    type: typeFlags[member.type],
    mode: member.mode & 0o7777,
    uid: uid > maxId ? 0 : uid,
    gid: gid > maxId ? 0 : gid,
    size: size > maxSizeOrTime ? 0 : size,
    mtime: mtime < 0 || mtime > maxSizeOrTime ? 0 : mtime,
    link: link.subarray(0, nameBytes),
  });
  return before.length === 0 ? block : Buffer.concat([...before, block]);
}

/** Zero bytes that follow a content of this size, up to the next block. */
export function padding(size: number): number {
  const over = size % blockSize;
  return over === 0 ? 0 : blockSize - over;
}

/** Two zero blocks. */
export const endOfArchive: Uint8Array = new Uint8Array(2 * blockSize);

const noBytes = Buffer.alloc(0);

interface UstarFields {
  name: Buffer;
  prefix: Buffer;
  type: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  link: Buffer;
}

function memberPath({ path, type }: Member): Buffer {
  const bytes = toBytes(path);
  if (bytes.length === 0) throw new RangeError('a member of a tar needs a name');
  const hasSlash = bytes.at(-1) === slash;
  if (type === 'directory') return hasSlash ? bytes : Buffer.concat([bytes, Buffer.from('/')]);
  // Readers take any name that ends so for a directory.
  if (hasSlash) throw new RangeError(`the name of a ${type} in a tar cannot end in a slash`);
  return bytes;
}

function toBytes(text: string | Buffer): Buffer {
  if (typeof text === 'string' && !text.isWellFormed()) throw new RangeError('a name in a tar must be bytes or valid Unicode');
  const bytes = Buffer.from(text as string);
  if (bytes.includes(0)) throw new RangeError('a name in a tar cannot hold a zero byte');
  return bytes;
}

/**
 * Whole seconds: the rest would need a pax header of 1 KiB for every file, and the manifest has the nanoseconds.
 * Rounded down also before 1970, where readers disagree on what a fraction means. Taken from the digits: as a
 * number, 0.999999999 would round up.
 */
function wholeSeconds(mtime: string): number {
  const [whole = '', fraction = ''] = mtime.split('.');
  return Number(whole) - (whole.startsWith('-') && /[1-9]/.test(fraction) ? 1 : 0);
}

/** Where a path goes in the two name fields of ustar, split at a slash that is written in neither; null if it does not fit. */
function placePath(path: Buffer): { name: Buffer; prefix: Buffer } | null {
  if (path.length <= nameBytes) return { name: path, prefix: noBytes };
  if (path.length > prefixBytes + 1 + nameBytes) return null;
  // The first slash that leaves a name short enough, but not the one that ends a directory.
  const at = path.indexOf(slash, Math.max(1, path.length - nameBytes - 1));
  if (at === -1 || at > prefixBytes || at === path.length - 1) return null;
  return { name: path.subarray(at + 1), prefix: path.subarray(0, at) };
}

/** A member that speaks about the next one: always the same header, so that equal files give equal bytes. */
function extension(type: string, body: Buffer): Buffer {
  const name = Buffer.from(type === typeFlags.pax ? 'PaxHeaders/bat' : '././@LongLink');
  const fields = { prefix: noBytes, mode: 0o644, uid: 0, gid: 0, mtime: 0, link: noBytes };
  const block = ustarBlock({ ...fields, name, type, size: body.length });
  return Buffer.concat([block, body, Buffer.alloc(padding(body.length))]);
}

function ustarBlock(fields: UstarFields): Buffer {
  const block = Buffer.alloc(blockSize);
  fields.name.copy(block, 0);
  octal(block, 100, 8, fields.mode);
  octal(block, 108, 8, fields.uid);
  octal(block, 116, 8, fields.gid);
  octal(block, 124, 12, fields.size);
  octal(block, 136, 12, fields.mtime);
  block.write(fields.type, 156, 'latin1');
  fields.link.copy(block, 157);
  block.write('ustar\u000000', 257, 'latin1');
  octal(block, 329, 8, 0);
  octal(block, 337, 8, 0);
  fields.prefix.copy(block, 345);
  block.fill(' ', 148, 156);
  let sum = 0;
  for (let at = 0; at < blockSize; at++) sum += block[at]!;
  octal(block, 148, 7, sum);
  return block;
}

/** A number in octal digits that fill the field up to its last byte, which stays zero. */
function octal(block: Buffer, offset: number, width: number, value: number): void {
  block.write(value.toString(8).padStart(width - 1, '0'), offset, 'latin1');
  block[offset + width - 1] = 0;
}
