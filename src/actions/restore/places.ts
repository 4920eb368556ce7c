/** Where on disk an entry of a snapshot goes. */
import fs from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { RestoreList } from '../../catalog/restore-list.ts';
import { BatError, systemReason } from '../../core/errors.ts';
import { makeFolder } from '../../core/make-folder.ts';
import { systemPath } from '../../core/paths.ts';
import type { Root } from '../../steps/source.ts';
import type { Destination } from './contract.ts';

/** `base` is trusted: the person named it. Nothing below it is. */
export interface Spot {
  base: string;
  /** Plain parts, at least one. */
  relative: string;
}

export class Places {
  readonly #destination: Destination;
  /** By the number of the snapshot. */
  readonly #sources: readonly string[];
  readonly #list: RestoreList;
  readonly #base: string;
  readonly #roots: (readonly Root[])[] = [];
  #wasEmpty = false;
  readonly #areFiles = new Map<Root, boolean>();

  /** Throws USAGE for a destination that does not fit the sources. */
  constructor(destination: Destination, sources: readonly string[], list: RestoreList) {
    this.#destination = destination;
    this.#sources = sources;
    this.#list = list;
    this.#base = destination.kind === 'folder' ? resolve(destination.path) : '';
    if (destination.kind === 'in-place') {
      this.#roots = sources.map((source) => rootsOf(destination.roots, source));
    } else if (!destination.perSource && sources.length > 1) {
      throw new BatError('USAGE', `The sources ${sources.join(', ')} cannot be restored into one folder: they may hold the same paths.`, {
        hint: 'Name one with --source, or let each have a folder of its own.',
      });
    }
  }

  /** Makes the folder that all goes to. Throws DISK_FAILED. */
  prepare(): void {
    if (this.#destination.kind === 'in-place') return;
    try {
      makeFolder(this.#base);
      this.#wasEmpty = fs.readdirSync(this.#base).length === 0;
    } catch (error) {
      throw new BatError('DISK_FAILED', `The folder ${this.#base} cannot be made: ${systemReason(error)}.`, {
        hint: 'Name another one with --to.',
        cause: error,
        subject: this.#base,
      });
    }
  }

  /** For a person. */
  describe(): string {
    return this.#destination.kind === 'in-place' ? 'where the sources are' : this.#base;
  }

  /** Null if the plan has no root that such a path could have come from. `path` has been found harmless. */
  spot(snapshot: number, path: string): Spot | null {
    if (this.#destination.kind === 'folder') {
      const source = this.#sources[snapshot]!;
      return { base: this.#base, relative: this.#destination.perSource ? `${source}/${path}` : path };
    }
    for (const root of this.#roots[snapshot]!) {
      const { prefix } = root;
      if (prefix !== '' && path !== prefix && !path.startsWith(`${prefix}/`)) continue;
      if (path === prefix || this.#isFile(snapshot, root)) return { base: dirname(root.path), relative: basename(root.path) };
      return { base: root.path, relative: prefix === '' ? path : path.slice(prefix.length + 1) };
    }
    return null;
  }

  /** The folder that a whole source goes to, if it is that source's alone: one that held other things before is not. */
  folderOf(snapshot: number): string | null {
    if (this.#destination.kind === 'folder') {
      if (this.#destination.perSource) return `${this.#base}/${this.#sources[snapshot]!}`;
      return this.#wasEmpty ? this.#base : null;
    }
    const roots = this.#roots[snapshot]!;
    return roots.length === 1 && roots[0]!.prefix === '' ? roots[0]!.path : null;
  }

  /** A source's folder that is on no disk: it only holds a root that is a file. */
  isMadeUp(snapshot: number, path: string): boolean {
    return this.#destination.kind === 'in-place' && this.#roots[snapshot]!.some((root) => root.prefix === path && this.#isFile(snapshot, root));
  }

  /** A root may be a file: the snapshot then holds nothing of it but this file, by its own name. */
  #isFile(snapshot: number, root: Root): boolean {
    let isFile = this.#areFiles.get(root);
    if (isFile === undefined) {
      const only = this.#list.entries.onlyEntry(snapshot, root.prefix);
      const name = root.prefix === '' ? basename(root.path) : `${root.prefix}/${basename(root.path)}`;
      isFile = only?.type === 'file' && only.path === name && fs.statSync(systemPath(root.path), { throwIfNoEntry: false })?.isDirectory() !== true;
      this.#areFiles.set(root, isFile);
    }
    return isFile;
  }
}

export function diskPath(spot: Spot): string {
  return below(spot.base, spot.relative);
}

export function below(base: string, relative: string): string {
  if (relative === '') return base;
  return base.endsWith('/') ? base + relative : `${base}/${relative}`;
}

/** The folder of a path's last part; empty at the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function rootsOf(roots: ReadonlyMap<string, readonly Root[]>, source: string): readonly Root[] {
  const found = roots.get(source);
  if (found && found.length > 0) return found;
  throw new BatError('USAGE', `The plan does not say where the files of the source "${source}" belong.`, {
    hint: 'Restore it with --to, or name other sources with --source.',
    subject: source,
  });
}
