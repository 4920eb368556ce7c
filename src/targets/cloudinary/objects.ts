/** Whole objects: one asset of the plain name, or parts. The plain name counts where both are there: a put may have been cut off. */
import type { ObjectStat, PutOptions, Receipt } from '../target.ts';
import { md5Of } from './api.ts';
import { removeParts } from './cleanup.ts';
import { endsHarmlessly, MOST_PARTS, newUploadId, partName, partsSuffix } from './names.ts';
import type { Notes } from './notes.ts';
import type { PartsList } from './parts-list.ts';
import type { CloudinaryStore } from './store.ts';
import { CloudinaryUpload } from './upload.ts';

/** In one asset, if it fits and Cloudinary takes the name as it is; it takes no empty file either. */
export async function putObject(store: CloudinaryStore, notes: Notes, name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
  if (bytes.length === 0 || bytes.length > store.assetSize || !endsHarmlessly(name)) return putInParts(store, notes, name, bytes, options);
  const { signal } = options;
  const md5 = md5Of(bytes);
  const replaced = await store.partsToDrop(name, signal);
  // Noted first: behind an asset of the plain name nobody sees them any more.
  if (replaced) await noteParts(notes, name, replaced, signal);
  await store.api.upload(store.publicId(name), bytes, md5, signal);
  store.forget(name);
  await dropParts(store, notes, name, replaced, signal);
  return { name, size: bytes.length, parts: 1, checksum: `md5:${md5}` };
}

async function putInParts(store: CloudinaryStore, notes: Notes, name: string, bytes: Uint8Array, options: PutOptions): Promise<Receipt> {
  const upload = new CloudinaryUpload(store, notes, { name, id: newUploadId(), options: { ...options, partSize: Math.max(1, bytes.length) } });
  try {
    await upload.write(0, bytes);
    return await upload.finish(bytes.length);
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

export async function removeObject(store: CloudinaryStore, notes: Notes, name: string, signal?: AbortSignal): Promise<void> {
  const parts = await store.partsToDrop(name, signal);
  if (parts) await noteParts(notes, name, parts, signal);
  if (parts) await dropList(store, name, parts, signal);
  await store.destroyPlain(name, signal);
  await dropParts(store, notes, name, null, signal);
}

/** Removes an object in parts that is noted, and what an earlier try of that left. */
async function dropParts(store: CloudinaryStore, notes: Notes, name: string, list: PartsList | null, signal: AbortSignal | undefined): Promise<void> {
  if (list) await dropList(store, name, list, signal);
  for (const { stem, drop } of notes.dropsOf(name)) {
    await removeParts(store, stem, Array.from({ length: drop! }).keys(), notes.goneOf(stem), signal);
    await notes.remove(stem, signal);
  }
}

function noteParts(notes: Notes, name: string, { stem, parts, isDamaged }: PartsList, signal: AbortSignal | undefined): Promise<void> {
  const count = isDamaged ? MOST_PARTS : parts.length;
  return notes.add({ name, stem, gap: Math.max(1, count), drop: count }, signal);
}

/** Without their list the parts are no object. */
async function dropList(store: CloudinaryStore, name: string, { stem, parts }: PartsList, signal: AbortSignal | undefined): Promise<void> {
  await store.destroy(name + partsSuffix, signal);
  for (const number of parts.keys()) store.ranges.forget(store.publicId(partName(stem, number)));
  store.forget(name);
}

export async function statObject(store: CloudinaryStore, name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
  const size = (await store.plainSize(name, signal)) ?? (await store.partsOf(name, signal))?.size;
  // Between the two questions, one asset may have taken the place of the parts.
  const found = size ?? (await store.plainSize(name, signal));
  return found === null ? null : { name, size: found };
}
