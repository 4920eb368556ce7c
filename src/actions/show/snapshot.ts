/** One snapshot, or a folder of it: what it takes, where that lies, and what would go with it. */
import type { Catalog } from '../../catalog/catalog.ts';
import { chunksOfSnapshot } from '../../catalog/chunk-use.ts';
import { Contents } from '../../catalog/contents.ts';
import type { CatalogEntry } from '../../catalog/entry-rows.ts';
import { holdingsOf, volumesOfChunks } from '../../catalog/holdings.ts';
import { IdSet } from '../../catalog/id-set.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { SnapshotEntries } from '../../catalog/snapshot-entries.ts';
import type { Snapshot } from '../../catalog/snapshots.ts';
import type { ShowItem, ShownFolder } from './items.ts';
import type { Looking } from './looking.ts';
import { targetItems } from './store.ts';

/** `folder`: only what is below it is collated; empty for all. */
export async function* showSnapshot(looking: Looking, snapshot: Snapshot, folder = ''): AsyncGenerator<ShowItem> {
  const { catalog, spans, collate, rest } = looking;
  const { all, own } = chunksOfSnapshot(catalog, spans, snapshot);
  await rest();
  const volumes = volumesOfChunks(catalog, all);
  const folders = new Folders(catalog, own, { source: snapshot.source, folder, collate });
  for (const found of new SnapshotEntries(catalog).unsorted(snapshot)) {
    await rest();
    folders.add(found);
  }
  yield { type: 'snapshot', snapshot, volumes: volumes.size, ownBytes: folders.ownBytes };
  const manifests = new Manifests(catalog).of(snapshot.id);
  yield* targetItems(looking, holdingsOf(catalog, volumes), volumes.size, (target) => manifests.filter((manifest) => manifest.target === target));
  for (const shown of folders.inOrder()) yield { type: 'folder', ...shown };
}

class Folders {
  readonly #contents: Contents;
  readonly #own: IdSet;
  readonly #counted = new IdSet();
  readonly #where: { source: string; folder: string; collate: number };
  readonly #byPath = new Map<string, ShownFolder>();
  /** Of the whole snapshot. */
  ownBytes = 0;

  constructor(catalog: Catalog, own: IdSet, where: { source: string; folder: string; collate: number }) {
    this.#contents = new Contents(catalog);
    this.#own = own;
    this.#where = where;
  }

  add(found: CatalogEntry): void {
    const { type, path, size } = found.entry;
    if (type !== 'file' && type !== 'hardlink') return;
    const ownBytes = this.#ownOf(found);
    this.ownBytes += ownBytes;
    const { folder } = this.#where;
    if (folder !== '' && !path.startsWith(`${folder}/`)) return;
    const shown = this.#folderOf(path);
    shown.files++;
    if (type === 'file') shown.bytes += size;
    shown.ownBytes += ownBytes;
  }

  inOrder(): ShownFolder[] {
    return [...this.#byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** A chunk that several files have counts for the first of them. */
  #ownOf({ chunks, entry }: CatalogEntry): number {
    let bytes = 0;
    for (const chunk of chunks) {
      if (!this.#own.has(chunk) || this.#counted.has(chunk)) continue;
      this.#counted.add(chunk);
      bytes += chunks.length === 1 ? entry.size : (this.#contents.chunk(chunk)?.length ?? 0);
    }
    return bytes;
  }

  #folderOf(path: string): ShownFolder {
    const { source, folder, collate } = this.#where;
    const levels = (folder === '' ? 0 : folder.split('/').length) + collate;
    const parts = path.split('/').slice(0, -1);
    const key = parts.slice(0, levels).join('/');
    const known = this.#byPath.get(key);
    if (known) return known;
    const shown: ShownFolder = { source, path: key, files: 0, bytes: 0, ownBytes: 0 };
    this.#byPath.set(key, shown);
    return shown;
  }
}
