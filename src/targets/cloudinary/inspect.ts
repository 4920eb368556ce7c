/** What the service says of an object without its bytes: is each part there, and is it the one that was stored. */
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { ObjectStat } from '../target.ts';
import { endsHarmlessly, partName } from './names.ts';
import type { PartsList } from './parts-list.ts';
import type { CloudinaryStore } from './store.ts';

const atATime = 4;

/** Null if there is no such object. Throws OBJECT_DAMAGED if a part of it is gone or another one than the list says. */
export async function inspectObject(store: CloudinaryStore, name: string, signal?: AbortSignal): Promise<ObjectStat | null> {
  const plain = endsHarmlessly(name) ? await store.ranges.describe(store.publicId(name), signal) : null;
  if (plain) return { name, size: plain.size, ...(plain.md5 === null ? {} : { checksum: `md5:${plain.md5}` }) };
  const list = await store.partsOf(name, signal);
  if (!list) return null;
  await inParallel(list.parts.entries(), atATime, async ([number, part]) => {
    const found = await store.ranges.describe(store.publicId(partName(list.stem, number)), signal);
    const wrong = found === null ? 'is gone' : found.size !== part.size ? `has ${found.size} bytes in place of ${part.size}` : found.md5 !== null && found.md5 !== part.md5 ? 'holds other bytes' : null;
    if (wrong !== null) throw damaged(store, name, list, number, wrong);
  });
  return { name, size: list.size };
}

function damaged(store: CloudinaryStore, name: string, { parts }: PartsList, number: number, wrong: string): BatError {
  return new BatError('OBJECT_DAMAGED', `${name} on target "${store.id}" is damaged: part ${number + 1} of ${parts.length} ${wrong}.`, {
    hint: 'Another target of the plan may have it whole.',
    subject: name,
  });
}
