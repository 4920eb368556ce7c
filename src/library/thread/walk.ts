/** Looks through a folder of the library and tells what is not as the table says. No file is opened. */
import { lstatSync, type BigIntStats, type Dirent } from 'node:fs';
import { systemCode, systemReason } from '../../core/errors.ts';
import { isServersOwn } from '../names.ts';
import { marksOf, type FileMarks } from '../stamp.ts';
import type { FileRow, FileTable } from '../table/files.ts';
import type { Difference, PlaceIn, WalkEnd, WalkJob } from './messages.ts';
import { openFolder, type OpenFolder } from './open-folders.ts';

const mostNotes = 20;
const mostUnseen = 1000;
/** A file system's own, at its top. */
const recovered = 'lost+found';
/** Rows of one identity that are looked at: the names of one file. */
const mostNames = 100;
/** Linux takes no longer path, and who asks for a file must be able to name it. */
const longestPath = 3500;
/** Stands for the bytes of a name that are not UTF-8. */
const replacement = '\uFFFD';

export class Walk {
  readonly #job: WalkJob;
  readonly #table: FileTable;
  readonly #end: WalkEnd = { skipped: 0, unseen: [], notes: [] };

  constructor(job: WalkJob, table: FileTable) {
    this.#job = job;
    this.#table = table;
  }

  get #root(): string {
    return this.#job.roots[this.#job.folder]!;
  }

  get end(): WalkEnd {
    return this.#end;
  }

  /** Null says that the table must have all that was found before more is looked for. Throws the system's error where the top cannot be opened. Memory grows with the largest single directory, and not with the tree. */
  *differences(): Generator<Difference | null> {
    const root = this.#root;
    const open: { folder: OpenFolder; inner: string[] }[] = [];
    const enter = function* (this: Walk, path: string, directory: string): Generator<Difference> {
      const folder = openFolder(path, `${root}/${directory}`, directory);
      const inner: string[] = [];
      open.push({ folder, inner });
      yield* this.#compare(folder, inner);
    }.bind(this);
    try {
      yield* enter(root, '');
      for (let last = open.at(-1); last; last = open.at(-1)) {
        const name = last.inner.pop();
        if (name === undefined) {
          open.pop();
          last.folder.close();
          continue;
        }
        const directory = last.folder.directory === '' ? name : `${last.folder.directory}/${name}`;
        try {
          yield* enter(last.folder.at(name), directory);
        } catch (error) {
          this.#skipUnlessGone(error, directory, `The folder ${directory} could not be looked through, and what is known of it stays as it was`);
        }
      }
      // A folder that was renamed is gone under its old name, and its files are not.
      yield null;
      yield* this.#goneDirectories();
    } finally {
      for (const { folder } of open) folder.close();
    }
  }

  *#compare(folder: OpenFolder, inner: string[]): Generator<Difference> {
    const { directory } = folder;
    const known = this.#table.namesIn(this.#job.folder, directory);
    for (const entry of folder.entries) {
      if (isServersOwn(entry.name)) continue;
      const stat = this.#look(folder, entry);
      if (!stat) continue;
      if (stat.isDirectory()) {
        if (Buffer.byteLength(directory) + Buffer.byteLength(entry.name) < longestPath) inner.push(entry.name);
        else this.#skip(`The folder ${directory}/${entry.name} is too deep, and nothing in it is kept account of`);
        continue;
      }
      if (!stat.isFile()) continue;
      const row = known.get(entry.name);
      known.delete(entry.name);
      const marks = marksOf(stat);
      if (row?.stamp !== marks.stamp) yield this.#difference({ directory, name: entry.name }, marks, row);
    }
    folder.entries = [];
    for (const [name, { id, stamp }] of known) {
      // Looked at once more: it may have come after the folder was listed.
      if (isGone(folder.at(name))) yield { kind: 'gone', id, stamp, place: { directory, name } };
    }
  }

  /** The same name, number and birth, and another ctime: written to, with the old mtime set again? It is read again. */
  #difference(place: PlaceIn, marks: FileMarks, row: { id: number; stamp: string; identity: string } | undefined): Difference {
    if (row && bornAs(row.identity) === bornAs(marks.identity)) return { kind: 'changed', id: row.id, stamp: row.stamp, marks };
    for (const other of this.#table.withIdentity(marks.identity, mostNames)) {
      if (!(other.folder in this.#job.roots) || other.id === row?.id) continue;
      const { id, stamp } = other;
      return this.#isAt(other, marks) ? { kind: 'linked', place, marks } : { kind: 'moved', id, stamp, place, marks };
    }
    return row ? { kind: 'replaced', id: row.id, stamp: row.stamp, place, marks } : { kind: 'new', place, marks };
  }

  /** Is the file of that row, by another name, still there under the row's name? */
  #isAt(row: FileRow, { identity }: FileMarks): boolean {
    try {
      return marksOf(lstatSync(`${this.#job.roots[row.folder]}/${row.directory}/${row.name}`, { bigint: true })).identity === identity;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return false;
    }
  }

  /** Null for what is left out. A name that is not UTF-8 cannot be asked for, since it stands in no URL. */
  #look(folder: OpenFolder, entry: Dirent): BigIntStats | null {
    try {
      return lstatSync(folder.at(entry.name), { bigint: true });
    } catch (error) {
      const path = folder.directory === '' ? entry.name : `${folder.directory}/${entry.name}`;
      if (entry.name.includes(replacement) && systemCode(error) === 'ENOENT') this.#skip(`The name ${path} is not UTF-8, and is not kept account of`);
      else this.#skipUnlessGone(error, path, `${path} could not be looked at`);
      return null;
    }
  }

  /** Files of directories that are not there any more. One that cannot be looked at is not gone. */
  *#goneDirectories(): Generator<Difference> {
    const { folder } = this.#job;
    for (let directory = this.#table.nextDirectory(folder, null); directory !== null; directory = this.#table.nextDirectory(folder, directory)) {
      if (isServersOwn(directory) || !isGoneFolder(this.#root, directory)) continue;
      for (const [name, { id, stamp }] of this.#table.namesIn(folder, directory)) yield { kind: 'gone', id, stamp, place: { directory, name } };
    }
  }

  #skipUnlessGone(error: unknown, path: string, what: string): void {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return;
    this.#skip(`${what}: ${systemReason(error)}`);
    const { unseen } = this.#end;
    if (path === recovered || unseen[0] === '') return;
    if (unseen.push(path) > mostUnseen) this.#end.unseen = [''];
  }

  #skip(note: string): void {
    this.#end.skipped++;
    if (this.#end.notes.length < mostNotes) this.#end.notes.push(`${note}.`);
  }
}

function bornAs(identity: string): string {
  return identity.split(':', 2).join(':');
}

function isGone(path: string): boolean {
  try {
    return !lstatSync(path).isFile();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}

/** Gone, too, is what a link on the way leads to. */
function isGoneFolder(root: string, directory: string): boolean {
  let path = root;
  for (const part of directory === '' ? [] : directory.split('/')) {
    path += `/${part}`;
    try {
      if (!lstatSync(path).isDirectory()) return true;
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
    }
  }
  return false;
}
