/** A snapshot as a tree of folders, made of the lines of its manifests. Nothing of them is believed: what must not be restored says why. */
import type { Entry, EntryType } from '../../../src/core/entry.ts';
import { BatError } from '../../../src/core/bat-error.ts';
import { pathDanger } from '../../../src/core/path-names.ts';
import { checkVolume, damagedManifest, volumeOf } from '../../../src/volume/manifest-checks.ts';
import type { ManifestChunk, ManifestEntry, ManifestHeader, ManifestVolume } from '../../../src/volume/manifest.ts';
import type { SnapshotLine } from '../../../src/volume/snapshot-reading.ts';

export interface TreeNode {
  name: string;
  /** Null for a folder that has no entry itself and has some below it. */
  type: EntryType | null;
  mode: number;
  /** Seconds since 1970. */
  mtime: number;
  /** Of a file; of a folder, of all files below it. */
  size: number;
  /** Files below a folder. */
  files: number;
  link: string | undefined;
  sha256: string | undefined;
  chunks: readonly PlacedChunk[];
  /** Why it is not restored. */
  refused: string | undefined;
  children: Map<string, TreeNode> | undefined;
  /** The manifest that it stands in: 0 for the first base. */
  layer: number;
}

/** The volume is an index of `volumes`. */
export type PlacedChunk = ManifestChunk;

/** What a page of a usual browser can hold. Entries take about half a kilobyte each, and chunks, or frames of volumes, a tenth of that. */
const limits = { entries: 1_000_000, folders: 1_000_000, pieces: 16_000_000 };

export class SnapshotTree {
  readonly root = newNode('');
  readonly volumes: ManifestVolume[] = [];
  /** Of the snapshot's own manifest. */
  header: ManifestHeader | null = null;
  /** Entries whose paths lead out, and are left out. */
  dangerous = 0;
  entries = 0;
  /** Nodes, with and without an entry of their own: one path may have thousands of parts. */
  #nodes = 0;
  #pieces = 0;
  readonly #limits: typeof limits;
  #layer = -1;
  #subject = '';
  #numbers = new Map<number, { index: number; decoded: number }>();

  constructor(most = limits) {
    this.#limits = most;
  }

  /** In the order in which they are read. Throws OBJECT_DAMAGED, and RESTORE_REFUSED for more than a page can hold. */
  add({ line, stored }: SnapshotLine): void {
    if (line.kind === 'header') this.#begin(line.header, stored.manifestName);
    else if (line.kind === 'volume') this.#addVolume(line.volume);
    else if (line.kind === 'entry') this.#addEntry(line.entry);
    else if (line.kind === 'removed') this.#remove(line.path);
  }

  /** To be called once, behind the last line: sums up folders, and refuses what lies below something that is none. */
  finish(): void {
    sumUp(this.root);
  }

  /** Undefined where there is nothing. */
  find(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.root;
    if (path === '') return node;
    for (const part of path.split('/')) {
      node = node.children?.get(part);
      if (!node) return undefined;
    }
    return node;
  }

  #begin(header: ManifestHeader, subject: string): void {
    this.#layer++;
    this.#subject = subject;
    this.#numbers = new Map();
    this.header = header;
  }

  #addVolume(volume: ManifestVolume): void {
    checkVolume(volume, this.#subject);
    this.#countPieces(1 + volume.frames.length);
    if (this.#numbers.has(volume.number)) throw damagedManifest(this.#subject, `it has two volumes of the number ${volume.number}`);
    this.#numbers.set(volume.number, { index: this.volumes.length, decoded: volume.decoded });
    this.volumes.push(volume);
  }

  #addEntry(entry: ManifestEntry): void {
    const chunks = (entry.chunks ?? []).map((chunk) => Object.assign(chunk, { volume: volumeOf(chunk, this.#numbers, this.#subject).index }));
    if (pathDanger(entry.path) !== null) {
      this.dangerous++;
      return;
    }
    const node = this.#nodeAt(entry.path);
    if (node.type !== null && node.layer === this.#layer) {
      node.refused = 'the snapshot has two entries of this path';
      return;
    }
    if (node.type === null) this.#count();
    this.#countPieces(chunks.length - node.chunks.length);
    fill(node, entry, chunks, this.#layer);
  }

  #count(): void {
    if (++this.entries > this.#limits.entries) throw tooMuch(this.#limits.entries, 'entries');
  }

  #countPieces(more: number): void {
    if ((this.#pieces += more) > this.#limits.pieces) throw tooMuch(this.#limits.pieces, 'pieces of files');
  }

  #remove(path: string): void {
    const cut = path.lastIndexOf('/');
    const parent = this.find(path.slice(0, Math.max(0, cut)));
    const node = parent?.children?.get(path.slice(cut + 1));
    if (!parent || !node || node.type === null) return;
    this.entries--;
    this.#countPieces(-node.chunks.length);
    node.chunks = noChunks;
    if (node.children?.size) node.type = null;
    else if (parent.children!.delete(node.name)) this.#nodes--;
  }

  /** Folders above it that are not there yet are made, without an entry of their own. */
  #nodeAt(path: string): TreeNode {
    let node = this.root;
    for (const part of path.split('/')) {
      node.children ??= new Map();
      let child = node.children.get(part);
      if (!child) {
        if (++this.#nodes > this.#limits.entries + this.#limits.folders) throw tooMuch(this.#limits.folders, 'folders');
        node.children.set(part, (child = newNode(part)));
      }
      node = child;
    }
    return node;
  }
}

function tooMuch(most: number, of: string): BatError {
  return new BatError('RESTORE_REFUSED', `This snapshot has more than ${most.toLocaleString('en')} ${of}, which is more than a page can hold.`, { hint: 'Use `bat ls`, `bat find` and `bat restore` on a computer.' });
}

function newNode(name: string): TreeNode {
  return { name, type: null, mode: 0, mtime: 0, size: 0, files: 0, link: undefined, sha256: undefined, chunks: noChunks, refused: undefined, children: undefined, layer: -1 };
}

const noChunks: readonly PlacedChunk[] = [];

function fill(node: TreeNode, entry: ManifestEntry & Entry, chunks: readonly PlacedChunk[], layer: number): void {
  node.type = entry.type;
  node.mode = entry.mode;
  node.mtime = Number(entry.mtime);
  node.size = entry.type === 'directory' ? 0 : entry.size;
  node.link = entry.link;
  node.sha256 = entry.sha256;
  node.chunks = chunks.length > 0 ? chunks : noChunks;
  node.refused = undefined;
  node.layer = layer;
}

/** Without recursion: a path may have thousands of parts. */
function sumUp(root: TreeNode): void {
  const stack: { node: TreeNode; parent: TreeNode | null; isDone: boolean }[] = [{ node: root, parent: null, isDone: false }];
  for (let item = stack.at(-1); item; item = stack.at(-1)) {
    const { node, parent } = item;
    const isFolder = node.type === 'directory' || node.type === null;
    if (!item.isDone) {
      item.isDone = true;
      const problem = isFolder ? node.refused : `the snapshot has what is above it as a ${node.type}, not as a folder`;
      for (const child of node.children?.values() ?? []) {
        if (problem !== undefined) child.refused ??= problem;
        stack.push({ node: child, parent: node, isDone: false });
      }
      continue;
    }
    stack.pop();
    if (!parent) continue;
    const isEmpty = node.type === null && !node.children?.size;
    if (isEmpty) parent.children!.delete(node.name);
    if (node.type === 'file' || node.type === 'hardlink') parent.files++;
    parent.size += node.type === 'hardlink' ? 0 : node.size;
    parent.files += isFolder ? node.files : 0;
  }
}
