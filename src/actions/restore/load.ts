/** Reads the manifests of the wanted snapshots into the list, from the first target that can give them. */
import type { ListedChunk, RestoreList } from '../../catalog/restore-list.ts';
import type { Target } from '../../targets/target.ts';
import type { KeyRing } from '../../volume/age.ts';
import type { FolderAttributes, ManifestChunk, ManifestEntry, ManifestVolume } from '../../volume/manifest.ts';
import type { ObjectLayout } from '../../volume/object-reader.ts';
import type { StoredSnapshot } from '../store/list.ts';
import { checkVolume, damagedManifest, volumeOf } from '../../volume/manifest-checks.ts';
import { readSnapshot } from '../store/read.ts';
import type { Selection } from './patterns.ts';

/** A target that can be reached, and what it holds. */
export interface Store {
  /** In the list. */
  number: number;
  target: Target;
  stored: readonly StoredSnapshot[];
  keys: () => Promise<KeyRing>;
  /** It failed in a way that all it holds is out of reach. */
  isGone: boolean;
}

export interface SnapshotLoad {
  id: string;
  /** In the list. */
  number: number;
  selection: Selection;
  /** Files that were not asked for must be in the list, too. */
  isWhole: boolean;
  signal: AbortSignal;
}

/**
 * Puts the entries of a snapshot into the list; of files that were not asked for only those that matter for what was, unless all
 * are to be there. What it throws leaves nothing of the snapshot there. Returns the attributes of the folder that the source itself
 * was, if it was one.
 */
export async function loadSnapshot(list: RestoreList, store: Store, load: SnapshotLoad): Promise<FolderAttributes | null> {
  const reader = new LineReader(list, store, load.signal);
  try {
    const passOver = load.isWhole ? null : load.selection.passOver;
    if (!(await fill(list, reader, load, passOver))) {
      list.entries.clear(load.number);
      await fill(list, reader, load, null);
    }
    return reader.top;
  } catch (error) {
    list.entries.clear(load.number);
    throw error;
  }
}

/** False if a hard link was asked for and the file that it names was passed over. */
async function fill(list: RestoreList, reader: LineReader, { id, number, selection }: SnapshotLoad, passOver: ((path: string) => boolean) | null): Promise<boolean> {
  for await (const { layer, entry, removed, chunks } of reader.entries(id, passOver)) {
    if (removed !== null) {
      list.entries.remove(number, removed);
      continue;
    }
    const isWanted = selection.has(entry.path);
    if (isWanted && entry.type === 'hardlink' && passOver?.(entry.link ?? '')) return false;
    const content = entry.sha256 === undefined ? null : { sha256: Buffer.from(entry.sha256, 'hex'), chunks };
    list.entries.put(number, layer, entry, content, isWanted ? 'wanted' : 'unselected');
  }
  return true;
}

/** Looks in another target's manifests of a snapshot for the chunks that are missing. */
export async function findMissing(list: RestoreList, store: Store, id: string, signal: AbortSignal): Promise<void> {
  await eachChunk(list, store, id, signal, (chunk) => list.chunks.offer(chunk));
}

/** Every chunk that a target's manifests of a snapshot speak of. */
export async function eachChunk(list: RestoreList, store: Store, id: string, signal: AbortSignal, take: (chunk: ListedChunk) => void): Promise<void> {
  for await (const { chunks } of new LineReader(list, store, signal).entries(id)) {
    for (const chunk of chunks) take(chunk);
  }
}

/** The layout that `addVolume` was given. */
export function parseLayout(layout: string): ObjectLayout {
  return JSON.parse(layout) as ObjectLayout;
}

type ReadEntry =
  | { layer: number; entry: ManifestEntry; removed: null; chunks: ListedChunk[] }
  | { layer: number; entry: null; removed: string; chunks: ListedChunk[] };

class LineReader {
  readonly #list: RestoreList;
  readonly #store: Store;
  readonly #signal: AbortSignal;
  /** Of the last header that was read. */
  top: FolderAttributes | null = null;

  constructor(list: RestoreList, store: Store, signal: AbortSignal) {
    this.#list = list;
    this.#store = store;
    this.#signal = signal;
  }

  /** `passOver`: files of which nothing is wanted. */
  async *entries(id: string, passOver: ((path: string) => boolean) | null = null): AsyncGenerator<ReadEntry> {
    const { target, stored, keys } = this.#store;
    let layer = -1;
    let subject = '';
    let volumes = new Map<number, { id: number; decoded: number }>();
    let count = 0;
    for await (const { line, stored: manifest } of readSnapshot(target, id, keys, { stored, passOver: passOver ?? undefined, signal: this.#signal })) {
      if (++count % 1000 === 0) {
        this.#signal.throwIfAborted();
        await new Promise(setImmediate);
      }
      if (line.kind === 'header') {
        layer++;
        subject = manifest.manifestName;
        volumes = new Map();
        this.top = line.header.top ?? null;
      } else if (line.kind === 'volume') {
        if (volumes.has(line.volume.number)) throw damagedManifest(subject, `it has two volumes of the number ${line.volume.number}`);
        volumes.set(line.volume.number, { id: this.#addVolume(line.volume, subject), decoded: line.volume.decoded });
      } else if (line.kind === 'removed') {
        yield { layer, entry: null, removed: line.path, chunks: [] };
      } else if (line.kind === 'entry') {
        const chunks = (line.entry.chunks ?? []).map((chunk) => place(chunk, volumes, subject));
        yield { layer, entry: line.entry, removed: null, chunks };
      }
    }
  }

  #addVolume(volume: ManifestVolume, subject: string): number {
    const { name, size, sealed, codec, frames, decoded } = volume;
    checkVolume(volume, subject);
    const layout = JSON.stringify({ name, size, sealed, codec, frames, decoded } satisfies ObjectLayout);
    return this.#list.volumes.add(this.#store.number, name, { layout, size, storageClass: storageClassOf(volume, this.#store.target.id) });
  }
}

function place(chunk: ManifestChunk, volumes: ReadonlyMap<number, { id: number; decoded: number }>, subject: string): ListedChunk {
  const { id } = volumeOf(chunk, volumes, subject);
  return { volume: id, offset: chunk.offset, length: chunk.length, sha256: Buffer.from(chunk.sha256, 'hex') };
}

/**
 * As the receipt says that the manifest repeats: empty for the store's usual class, which is hot; undefined if the target had
 * another name then. What stands there has not been checked: it is anybody's JSON.
 */
function storageClassOf({ targets }: ManifestVolume, target: string): string | undefined {
  const receipt = (targets as Record<string, { storageClass?: unknown } | null> | null)?.[target];
  if (!receipt) return undefined;
  return typeof receipt.storageClass === 'string' ? receipt.storageClass : '';
}
