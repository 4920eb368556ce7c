/** Files on this disk as the objects that they were: by their names, and joined where they are parts. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BatError, systemReason } from '../../core/errors.ts';
import type { Codec } from '../../volume/frames.ts';

export interface Download {
  /** With its folder, without the endings of parts. */
  name: string;
  /** The same without the suffixes of what was done to it. */
  plainName: string;
  size: number;
  codec: Codec;
  sealed: boolean;
  /** How many parts; 1 for a whole file. */
  parts: number;
  read(this: void, offset: number, length: number): Promise<Uint8Array>;
}

interface Found {
  name: string;
  /** Throws OBJECT_MISSING for a part, OBJECT_DAMAGED for one of another size, USAGE, DISK_FAILED. */
  open(): Download;
}

const partEnding = /\.\d{3,4}$/;
const listEnding = '.parts.json';
/** Parts that took the place of older ones have the id of their upload before the number. */
const againEnding = /\.again-[a-z0-9]{6}$/;

/** Each object once, however many of its parts are named. */
export function findDownloads(files: readonly string[]): Found[] {
  const stems = new Map<string, Found>();
  for (const file of files) {
    const stem = stemOf(file);
    const name = (stem ?? file).replace(stem === null ? /$^/ : againEnding, '');
    if (!stems.has(stem ?? file)) stems.set(stem ?? file, { name, open: () => openDownload(name, stem === null ? [file] : partsOf(stem, name)) });
  }
  return [...stems.values()];
}

/** What comes before the number of a part; null for a whole file. */
function stemOf(file: string): string | null {
  if (file.endsWith(listEnding)) {
    const object = file.slice(0, -listEnding.length);
    const [first] = listed(object) ?? [];
    return first === undefined ? object : join(dirname(file), first.name.replace(partEnding, ''));
  }
  if (partEnding.test(file)) return file.replace(partEnding, '');
  return !existsSync(file) && existsSync(`${file}.000`) ? file : null;
}

/** All parts in their order. The list of them, where it lies beside, tells of a last one that is missing. */
function partsOf(stem: string, object: string): string[] {
  const folder = dirname(stem);
  const list = listed(object);
  if (list && join(folder, list[0]?.name.replace(partEnding, '') ?? '') === join(stem)) {
    for (const { name, size } of list) {
      const path = join(folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (!found) throw missingPart(path, object);
      if (found.size !== size) throw new BatError('OBJECT_DAMAGED', `${path} has ${found.size} bytes, and should have ${size}.`, { hint: 'Download it again.', subject: path });
    }
    return list.map(({ name }) => join(folder, name));
  }
  const numbers = filesIn(folder).flatMap((name) => (name.startsWith(`${basename(stem)}.`) && partEnding.test(name) && name.replace(partEnding, '') === basename(stem) ? [Number(name.slice(basename(stem).length + 1))] : []));
  const last = Math.max(-1, ...numbers);
  const paths = Array.from({ length: last + 1 }, (_, index) => `${stem}.${String(index).padStart(3, '0')}`);
  const gap = paths.find((path) => !existsSync(path));
  if (gap !== undefined || paths.length === 0) throw missingPart(gap ?? `${stem}.000`, object);
  return paths;
}

function missingPart(path: string, object: string): BatError {
  return new BatError('OBJECT_MISSING', `${path} is missing: ${basename(object)} is not whole without it.`, { hint: 'Download it into the same folder as the other parts.', subject: path });
}

function listed(object: string): { name: string; size: number }[] | null {
  try {
    const { parts } = JSON.parse(readFileSync(object + listEnding, 'utf8')) as { parts?: unknown };
    const isList = Array.isArray(parts) && parts.every((part: { name?: unknown; size?: unknown } | null) => typeof part?.name === 'string' && !part.name.includes('/') && typeof part.size === 'number');
    return isList ? (parts as { name: string; size: number }[]) : null;
  } catch {
    // Not there, or none that can be read: the names of the parts say enough.
    return null;
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function openDownload(name: string, paths: readonly string[]): Download {
  const sealed = name.endsWith('.age');
  const inner = sealed ? name.slice(0, -'.age'.length) : name;
  const codec: Codec = inner.endsWith('.zst') ? 'zstd' : inner.endsWith('.gz') ? 'gzip' : 'none';
  const plainName = inner.replace(/\.(zst|gz)$/, '');
  if (plainName === name && paths.length === 1 && paths[0] === name) {
    if (!existsSync(name)) throw unreadable(name, Object.assign(new Error('no such file or folder'), { code: 'ENOENT' }));
    throw new BatError('USAGE', `There is nothing to undo in ${name}.`, { hint: 'Name files that end in .age, .zst or .gz, or parts such as NAME.000.', subject: name });
  }
  const starts: number[] = [];
  let size = 0;
  for (const path of paths) {
    starts.push(size);
    size += sizeOf(path);
  }
  return { name, plainName, size, codec, sealed, parts: paths.length, read: async (offset, length) => readAcross(paths, starts, offset, length) };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Fewer bytes than asked for where the files end before: who asked finds that out. */
function readAcross(paths: readonly string[], starts: readonly number[], offset: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  for (let part = starts.findLastIndex((start) => start <= offset); part < paths.length && filled < length; part++) {
    filled += readFrom(paths[part]!, bytes.subarray(filled), offset + filled - starts[part]!);
  }
  return bytes.subarray(0, filled);
}

function readFrom(path: string, into: Uint8Array, position: number): number {
  try {
    const file = openSync(path, 'r');
    try {
      let filled = 0;
      for (let count = 1; count > 0 && filled < into.length; filled += count) count = readSync(file, into, filled, into.length - filled, position + filled);
      return filled;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): BatError {
  return new BatError('DISK_FAILED', `${path} cannot be read: ${systemReason(error)}.`, { hint: 'Check its name and your rights.', cause: error, subject: path });
}
