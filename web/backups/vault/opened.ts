/** A snapshot that has been read: what is in it, and the files out of it. */
import { BatError } from '../../../src/core/bat-error.ts';
import type { KeyRing } from '../../../src/volume/age-keys.ts';
import { readStoredSnapshot, toStoredManifest, type StoredManifest } from '../../../src/volume/snapshot-reading.ts';
import { BackupPlace, type PlaceName } from './backup-place.ts';
import { ListsTrust } from './lists-trust.ts';
import type { Listed, ListedEntry, OpenedSnapshot, OpenProgress } from './messages.ts';
import { FileReader } from './read-file.ts';
import { SnapshotTree, type TreeNode } from './snapshot-tree.ts';

/** What is fetched of a manifest at a time, so that progress can be told. */
const slice = 4 * 1024 * 1024;
/** Sealed and packed; opened it is held a frame at a time. */
const largestManifest = 512 * 1024 * 1024;

export class Opened {
  readonly facts: OpenedSnapshot;
  readonly #tree: SnapshotTree;
  readonly #files: FileReader;
  #sorted: { folder: string; entries: ListedEntry[] } | null = null;

  private constructor(facts: OpenedSnapshot, tree: SnapshotTree, files: FileReader) {
    this.facts = facts;
    this.#tree = tree;
    this.#files = files;
  }

  /**
   * Reads the manifests of a snapshot, whole: nothing of them counts before their signatures hold. Throws what the place does, KEY_MISSING, KEY_WRONG,
   * OBJECT_DAMAGED, OBJECT_MISSING, MANIFEST_FORGED, MANIFEST_ROLLED_BACK, MANIFEST_CUT_OFF, RESTORE_REFUSED for one that is too large for a page.
   */
  static async read(name: PlaceName, snapshot: string, keys: KeyRing, tell: (progress: OpenProgress) => void, signal: AbortSignal): Promise<Opened> {
    const asked = new BackupPlace(name);
    const contents = await asked.contents(signal);
    // From now on of the one target that answered: another one may hold another manifest of the name.
    const place = new BackupPlace(name.kind === 'plan' ? { ...name, target: contents.target.id } : name);
    const trust = await ListsTrust.read(place, contents, signal);
    const stored = storedManifests(contents.manifests, trust);
    const tree = new SnapshotTree();
    let bytes = 0;
    const counting = {
      location: place.location,
      read: (object: string, offset: number, length: number): Promise<Uint8Array> =>
        readInSlices(place, object, offset, length, signal, (count) => tell({ bytes: (bytes += count), entries: tree.entries })),
    };
    let lines = 0;
    for await (const line of readStoredSnapshot(counting, snapshot, stored, keys, { signal })) {
      tree.add(line);
      if (++lines % 20_000 === 0) {
        tell({ bytes, entries: tree.entries });
        await new Promise((resolve) => setTimeout(resolve));
        signal.throwIfAborted();
      }
    }
    tree.finish();
    const header = tree.header!;
    const { target, away } = contents;
    const facts: OpenedSnapshot = {
      id: snapshot, source: header.source, time: header.time, host: header.host, target: target.id, away,
      files: tree.root.files, bytes: tree.root.size, signedBy: [...trust.signedBy], unsigned: trust.unsigned, doubts: trust.doubts, dangerous: tree.dangerous,
    };
    return new Opened(facts, tree, new FileReader(place, tree.volumes, () => keys));
  }

  /** Folders first, by name. Throws NOT_FOUND. */
  list(folder: string, from: number, count: number): Listed {
    if (this.#sorted?.folder !== folder) this.#sorted = { folder, entries: this.#sort(folder) };
    const { entries } = this.#sorted;
    return { entries: entries.slice(from, from + count), total: entries.length };
  }

  /** Entries whose names have all of the words in them, whatever their case; the first of them by path. */
  search(words: string, most: number): Listed {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const entries: ListedEntry[] = [];
    let total = 0;
    for (const [path, node] of walk(this.#tree.root)) {
      const name = node.name.toLowerCase();
      if (!wanted.every((word) => name.includes(word))) continue;
      if (++total <= most) entries.push(toListed(node, path));
    }
    return { entries: entries.sort((one, other) => compare(one.path, other.path)), total };
  }

  /** As `FileReader.read`. Throws RESTORE_REFUSED for what is no file, or must not be restored; NOT_FOUND. */
  read(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const found = this.#tree.find(path);
    const node = found?.type === 'hardlink' ? this.#tree.find(found.link ?? '') : found;
    if (!found || !node) throw new BatError('NOT_FOUND', `There is no ${path} in this snapshot.`);
    const problem = found.refused ?? node.refused ?? (node.type === 'file' ? undefined : 'it is no file');
    if (problem !== undefined) throw new BatError('RESTORE_REFUSED', `${path} is not restored: ${problem}.`);
    return this.#files.read({ path, sha256: node.sha256!, chunks: node.chunks }, signal);
  }

  #sort(folder: string): ListedEntry[] {
    const node = this.#tree.find(folder);
    if (!node) throw new BatError('NOT_FOUND', `There is no folder ${folder} in this snapshot.`);
    const above = folder === '' ? '' : `${folder}/`;
    const entries = Array.from(node.children?.values() ?? [], (child) => toListed(child, above + child.name));
    return entries.sort((one, other) => Number(isFolder(other)) - Number(isFolder(one)) || compare(one.name, other.name));
  }
}

/** One a snapshot: of a plain and a sealed one the plain one, which can be read in any case. */
function storedManifests(objects: readonly { name: string; size: number }[], trust: ListsTrust): Map<string, StoredManifest> {
  const byId = new Map<string, StoredManifest>();
  for (const object of objects) {
    const manifest = toStoredManifest(object);
    const other = manifest && byId.get(manifest.id);
    if (manifest && (!other || (other.sealed && !manifest.sealed))) byId.set(manifest.id, Object.assign(manifest, { trust }));
  }
  return byId;
}

async function readInSlices(place: BackupPlace, name: string, offset: number, length: number, signal: AbortSignal, tell: (bytes: number) => void): Promise<Uint8Array> {
  if (length > largestManifest) throw new BatError('RESTORE_REFUSED', `${name} is larger than a page can read.`, { hint: 'Use `bat restore` on a computer.' });
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += slice) {
    const piece = await place.read(name, offset + at, Math.min(slice, length - at), signal);
    bytes.set(piece, at);
    tell(piece.length);
  }
  return bytes;
}

function* walk(root: TreeNode): Generator<[path: string, node: TreeNode]> {
  const stack: [string, TreeNode][] = [['', root]];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const [above, node] = item;
    for (const child of node.children?.values() ?? []) {
      const path = above + child.name;
      yield [path, child];
      if (child.children) stack.push([`${path}/`, child]);
    }
  }
}

function toListed({ name, type, size, files, mtime, link, refused }: TreeNode, path: string): ListedEntry {
  return { name, path, type: type === null || type === 'directory' ? 'folder' : type, size, files, mtime: type === null ? null : mtime, link: link ?? null, refused: refused ?? null };
}

function isFolder({ type }: ListedEntry): boolean {
  return type === 'folder';
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function compare(one: string, other: string): number {
  return collator.compare(one, other) || (one < other ? -1 : 1);
}
