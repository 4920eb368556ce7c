/** Removing parts that nobody needs: of objects that were replaced or removed, and of uploads that came to nothing. */
import { BatError } from '../../core/errors.ts';
import type { SweepOptions } from '../target.ts';
import { isObjectName, isStemOf, MOST_PARTS, partsSuffix } from './names.ts';
import { readNotes, type Note } from './note-file.ts';
import { ABANDONED_AFTER, type Notes } from './notes.ts';
import type { CloudinaryStore } from './store.ts';

const AT_A_TIME = 4;

/** By number: whether there was such a part, of those that are surely gone. */
export type Gone = Map<number, boolean>;

/** Removes these parts, but those that are gone: when it fails in the middle, the next try goes on from there. */
export async function removeParts(store: CloudinaryStore, stem: string, numbers: Iterable<number>, gone: Gone, signal?: AbortSignal): Promise<void> {
  const queue = numbers[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (let next = queue.next(); !next.done; next = queue.next()) {
        signal?.throwIfAborted();
        if (!gone.has(next.value)) gone.set(next.value, await store.destroyPart(stem, next.value, signal));
      }
    }),
  );
}

/**
 * Removes what killed runs of this machine and catalog left, and others' after a day without a word. Returns of how many objects.
 * What is to be taken up stays, unless after a day without a word others may be removing it.
 */
export async function sweepParts(store: CloudinaryStore, notes: Notes, { keep, isShared = false, signal }: SweepOptions): Promise<number> {
  const left = await notes.left();
  const isOurs = !isShared || store.now() - left.written < ABANDONED_AFTER;
  const isKept = ({ upload }: Note): boolean => isOurs && upload !== undefined && (keep?.has(upload) ?? false);
  let swept = 0;
  for (const note of left.notes) if (!isKept(note)) swept += await cleanUp(store, notes, note, signal);
  swept += await sweepOthers(store, notes, signal);
  await notes.settle(left.notes.filter(isKept));
  return swept;
}

async function sweepOthers(store: CloudinaryStore, notes: Notes, signal: AbortSignal | undefined): Promise<number> {
  let swept = 0;
  for (const publicId of await othersNotes(store, notes, signal)) {
    const found = await readNotes(store, publicId, signal);
    if (!found || store.now() - found.written < ABANDONED_AFTER) continue;
    for (const note of found.notes) swept += await cleanUp(store, notes, note, signal);
    await store.api.destroy(publicId, signal);
  }
  return swept;
}

/** Nothing that a run needs: where the hour's calls are used up, it is left to the next one. */
async function othersNotes(store: CloudinaryStore, notes: Notes, signal: AbortSignal | undefined): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { publicId } of store.api.list(store.notesPrefix, signal)) if (publicId !== notes.publicId) found.push(publicId);
  } catch (error) {
    signal?.throwIfAborted();
    const told = store.explain(error, 'list', store.notesPrefix);
    if (!(told instanceof BatError) || told.retryAfter === undefined) throw told;
  }
  return found;
}

/** 1 if there was something. What the object's list of parts names is the object itself, and stays. */
async function cleanUp(store: CloudinaryStore, notes: Notes, { name, stem, gap }: Note, signal: AbortSignal | undefined): Promise<number> {
  if (!isObjectName(name, store.base) || !isStemOf(stem, name) || gap < 1 || gap > MOST_PARTS) return 0;
  const present = await presentParts(store, name, stem, signal);
  const gone = notes.goneOf(stem);
  for (let first = present; first < MOST_PARTS; first += gap) {
    const numbers = Array.from({ length: Math.min(gap, MOST_PARTS - first) }, (_, index) => first + index);
    await removeParts(store, stem, numbers, gone, signal);
    if (!numbers.some((number) => gone.get(number))) break;
  }
  return [...gone.values()].includes(true) ? 1 : 0;
}

/** How many parts of this stem are the object. A list behind an asset of the plain name is of an object that is no more, or was not to be yet. */
async function presentParts(store: CloudinaryStore, name: string, stem: string, signal: AbortSignal | undefined): Promise<number> {
  const list = await store.partsToDrop(name, signal);
  if (list?.stem !== stem) return 0;
  if ((await store.plainSize(name, signal)) === null) return list.parts.length;
  await store.destroy(name + partsSuffix, signal);
  return 0;
}
