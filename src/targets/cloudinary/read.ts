/** Reading a range of an object, which may lie over several assets. */
import { BatError } from '../../core/errors.ts';
import { partName } from './names.ts';
import { statObject } from './objects.ts';
import type { PartsList } from './parts-list.ts';
import { TooShort } from './ranges.ts';
import type { CloudinaryStore } from './store.ts';

/** Exactly these bytes. Throws OBJECT_MISSING, OBJECT_DAMAGED. */
export async function readObject(store: CloudinaryStore, name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    if (length === 0) return await readNothing(store, name, offset, signal);
    const known = store.known(name);
    const bytes = known && offset + length <= known.size ? await readParts(store, known, offset, length, signal) : null;
    return bytes ?? (await readAnew(store, name, offset, length, signal));
  } catch (error) {
    throw error instanceof TooShort ? short(store, name, error.size, offset + length) : error;
  }
}

async function readNothing(store: CloudinaryStore, name: string, offset: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const stat = await statObject(store, name, signal);
  if (!stat) throw missing(store, name);
  if (offset > stat.size) throw new TooShort(stat.size);
  return new Uint8Array(0);
}

/** Nothing is known of it, or what was known is no longer so. */
async function readAnew(store: CloudinaryStore, name: string, offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const readPlain = (): Promise<Uint8Array | null> => store.readPlain(name, offset, length, signal);
  const plain = await readPlain();
  if (plain) return plain;
  const list = await store.partsOf(name, signal);
  if (list) {
    store.remember(name, list);
    return (await readParts(store, list, offset, length, signal)) ?? Promise.reject(partMissing(store, name));
  }
  // Between the two questions, one asset may have taken the place of the parts.
  return (await readPlain()) ?? Promise.reject(missing(store, name));
}

/** Null if a part is not there. */
async function readParts(store: CloudinaryStore, list: PartsList, offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array | null> {
  if (offset + length > list.size) throw new TooShort(list.size);
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (const [number, part] of list.parts.entries()) {
    const from = Math.max(offset, start);
    const to = Math.min(offset + length, start + part.size);
    if (from < to) {
      const piece = await store.ranges.read(store.publicId(partName(list.stem, number)), from - start, to - from, signal);
      if (!piece) return null;
      pieces.push(piece);
    }
    start += part.size;
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

function missing(store: CloudinaryStore, name: string): BatError {
  return new BatError('OBJECT_MISSING', `Target "${store.id}" has no ${name}.`, {
    hint: 'Was it removed in the console of Cloudinary? Another target of the plan may still have it.',
    subject: name,
  });
}

function partMissing(store: CloudinaryStore, name: string): BatError {
  return new BatError('OBJECT_DAMAGED', `A part of ${name} is gone from target "${store.id}".`, {
    hint: 'Was it removed in the console of Cloudinary? Another target of the plan may have the object whole.',
    subject: name,
  });
}

function short(store: CloudinaryStore, name: string, size: number, wanted: number): BatError {
  return new BatError('OBJECT_DAMAGED', `${name} on target "${store.id}" ends after ${size} bytes, where ${wanted} are expected.`, {
    hint: 'Another target of the plan may have it whole.',
    subject: name,
  });
}
