/**
 * What a restore is going to do: the entries of its snapshots, which of them are wanted, and which bytes of which volumes
 * they want. A private SQLite database that is gone when it is closed, so that a million entries take little memory.
 *
 * It is filled with a snapshot's lines, the base's first (`put`, `remove`), then `settle`d; the caller decides about each
 * wanted entry (`setState`); `wantChunks` then lists the chunks of all that is still wanted, by volume and offset.
 * Snapshots, layers and targets are numbers that the caller gives.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Entry, EntryType } from '../core/entry.ts';
import { BatError } from '../core/errors.ts';
import { asBuffer, fromName, toName } from './columns.ts';

/**
 * `unselected`: not asked for. `wanted`: to be restored. `kept`: what is there already stays. `failed`: refused, or went
 * wrong. `parent`: not asked for, but a folder above something that is. `twice`: one manifest has the path twice.
 */
export type ListedState = 'unselected' | 'wanted' | 'kept' | 'failed' | 'parent' | 'twice';

export interface ListedChunk {
  /** As `addVolume` returned it. */
  volume: number;
  offset: number;
  length: number;
  sha256: Buffer;
}

export interface ListedEntry extends Entry {
  id: number;
  snapshot: number;
  state: ListedState;
  /** Of a file. */
  sha256: Buffer | null;
  /** How many chunks a file has. */
  parts: number;
}

/** Bytes of a volume that are wanted once, by any number of files. */
export interface ListedRange {
  offset: number;
  length: number;
}

/** One place that wants a chunk: `position` in the file `entry`. */
export interface ListedUse extends ListedRange {
  sha256: Buffer;
  position: number;
  entry: ListedEntry;
}

/** Whether a volume can be read, as its target said. */
export type ThawState = 'readable' | 'thawing' | 'cold';

export interface NewVolume {
  /** Kept for the caller. */
  layout: string;
  /** Bytes as it is stored. */
  size: number;
  storageClass?: string | undefined;
}

export interface ListedVolume {
  id: number;
  name: string;
  layout: string;
  storageClass: string | null;
}

export interface UnreadableVolumes {
  thaw: 'thawing' | 'cold';
  storageClass: string;
  objects: number;
  bytes: number;
}

export interface ListTotals {
  files: number;
  bytes: number;
}

const tables = `
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -49152;
-- class: the storage class, where it is known. thaw: NULL until the target was asked, then 'readable', 'thawing' or 'cold'.
CREATE TABLE volumes (
  id INTEGER PRIMARY KEY, target INTEGER NOT NULL, name TEXT NOT NULL, layout TEXT NOT NULL, size INTEGER NOT NULL, class TEXT, thaw TEXT,
  UNIQUE (target, name)) STRICT;
-- chunks: volume, offset, length and SHA-256 of each, packed; the only chunk of a file has the file's own hash.
CREATE TABLE entries (
  id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL, path ANY NOT NULL, type TEXT NOT NULL, mode INTEGER NOT NULL,
  uid INTEGER NOT NULL, gid INTEGER NOT NULL, mtime TEXT NOT NULL, size INTEGER NOT NULL, link ANY, sparse INTEGER NOT NULL,
  sha256 BLOB, chunks BLOB, parts INTEGER NOT NULL, layer INTEGER NOT NULL, state TEXT NOT NULL, UNIQUE (snapshot, path)) STRICT;
CREATE TABLE uses (
  volume INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, entry INTEGER NOT NULL, position INTEGER NOT NULL,
  sha256 BLOB NOT NULL, PRIMARY KEY (volume, offset, length, entry, position)) STRICT, WITHOUT ROWID;
-- Chunks that could not be had where they were looked for.
CREATE TABLE missing (
  sha256 BLOB NOT NULL, entry INTEGER NOT NULL, position INTEGER NOT NULL, length INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (sha256, entry, position)) STRICT, WITHOUT ROWID;
`;

const entryColumns = 'e.id, e.snapshot, e.path, e.type, e.mode, e.uid, e.gid, e.mtime, e.size, e.link, e.sparse, e.sha256, e.parts, e.state';
const pageSize = 1000;
const placeBytes = 20;
const hashBytes = 32;

type Row = Record<string, unknown>;

export class RestoreList {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor() {
    this.#database = guard(() => new DatabaseSync(''));
    guard(() => this.#database.exec(`${tables} BEGIN;`));
  }

  /** Notes a volume of a target, once under each name. Returns its id. */
  addVolume(target: number, name: string, { layout, size, storageClass }: NewVolume): number {
    const sql = 'INSERT INTO volumes (target, name, layout, size, class) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id';
    return this.#get(sql, target, name, layout, size, storageClass ?? null)!['id'] as number;
  }

  /** Adds an entry, or replaces the one of the same path from a lower layer. `content` is given for files. */
  put(snapshot: number, layer: number, entry: Entry, content: { sha256: Buffer; chunks: readonly ListedChunk[] } | null, state: 'wanted' | 'unselected'): void {
    this.#run(
      `INSERT INTO entries (snapshot, path, type, mode, uid, gid, mtime, size, link, sparse, sha256, chunks, parts, layer, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET type = excluded.type, mode = excluded.mode, uid = excluded.uid, gid = excluded.gid, mtime = excluded.mtime,
       size = excluded.size, link = excluded.link, sparse = excluded.sparse, sha256 = excluded.sha256, chunks = excluded.chunks,
       parts = excluded.parts, state = CASE WHEN layer = excluded.layer AND excluded.state = 'wanted' THEN 'twice' ELSE excluded.state END, layer = excluded.layer`,
      snapshot, toName(entry.path), entry.type, entry.mode, entry.uid, entry.gid, entry.mtime, entry.size,
      entry.link === undefined ? null : toName(entry.link), entry.sparse ? 1 : 0, content?.sha256 ?? null, content && packChunks(content.chunks),
      content?.chunks.length ?? 0, layer, state,
    );
  }

  remove(snapshot: number, path: string): void {
    this.#run('DELETE FROM entries WHERE snapshot = ? AND path = ?', snapshot, toName(path));
  }

  /** Takes a snapshot out again whose lines could not all be read. */
  clear(snapshot: number): void {
    this.#run('DELETE FROM entries WHERE snapshot = ?', snapshot);
  }

  /** A wanted hard link whose first name is not wanted becomes the file itself, and the links after it become links to it. */
  settle(): void {
    const links = `SELECT l.id, l.snapshot, l.path, f.id AS first, f.path AS "from" FROM entries l JOIN entries f ON f.snapshot = l.snapshot AND f.path = l.link
       WHERE l.type = 'hardlink' AND l.state = 'wanted' AND f.type = 'file' AND f.state = 'unselected' ORDER BY f.id, l.path`;
    let first: unknown = null;
    let path: unknown = null;
    for (const row of this.#each(links)) {
      if (row['first'] === first) {
        this.#run('UPDATE entries SET link = ? WHERE id = ?', path as SQLInputValue, row['id'] as number);
        continue;
      }
      [first, path] = [row['first'], row['path']];
      this.#run(
        `UPDATE entries SET type = 'file', link = NULL, size = f.size, sparse = f.sparse, sha256 = f.sha256, chunks = f.chunks, parts = f.parts
         FROM (SELECT size, sparse, sha256, chunks, parts FROM entries WHERE id = ?) AS f WHERE entries.id = ?`,
        first as number,
        row['id'] as number,
      );
    }
  }

  find(snapshot: number, path: string): ListedEntry | null {
    const row = this.#get(`SELECT ${entryColumns} FROM entries e WHERE snapshot = ? AND path = ?`, snapshot, toName(path));
    return row ? toEntry(row) : null;
  }

  /** The only entry below a folder of a snapshot (below none: in all of it), or null if there is none or several. */
  onlyEntry(snapshot: number, folder: string): ListedEntry | null {
    const [from, to] = folder === '' ? ['', Buffer.from([0xff])] : [`${folder}/`, `${folder}0`];
    const rows = this.#all(`SELECT ${entryColumns} FROM entries e WHERE snapshot = ? AND path > ? AND path < ? LIMIT 2`, snapshot, from, to);
    return rows.length === 1 ? toEntry(rows[0]!) : null;
  }

  /** The wanted files that have no bytes. */
  *emptyFiles(): Generator<ListedEntry> {
    for (const row of this.#each(`SELECT ${entryColumns} FROM entries e WHERE type = 'file' AND state = 'wanted' AND parts = 0`)) yield toEntry(row);
  }

  /**
   * The entries of these types and states, each folder before what is in it, or after it if `reverse`.
   * Their states may be changed meanwhile.
   */
  *inOrder(types: readonly EntryType[], states: readonly ListedState[], reverse = false): Generator<ListedEntry> {
    const [beyond, direction] = reverse ? ['<', 'DESC'] : ['>', 'ASC'];
    const sql = `SELECT ${entryColumns} FROM entries e WHERE (snapshot, path) ${beyond} (?, ?)
      AND type IN (SELECT value FROM json_each(?)) AND state IN (SELECT value FROM json_each(?))
      ORDER BY snapshot ${direction}, path ${direction} LIMIT ${pageSize}`;
    let last: [SQLInputValue, SQLInputValue] = reverse ? [Number.MAX_SAFE_INTEGER, ''] : [-1, ''];
    for (;;) {
      const rows = this.#all(sql, ...last, JSON.stringify(types), JSON.stringify(states));
      for (const row of rows) yield toEntry(row);
      if (rows.length < pageSize) return;
      const end = rows.at(-1)!;
      last = [end['snapshot'] as number, end['path'] as SQLInputValue];
    }
  }

  setState(id: number, state: ListedState): void {
    this.#run('UPDATE entries SET state = ? WHERE id = ?', state, id);
  }

  /** Files and hard links that are wanted; the bytes of hard links count once. */
  totals(): ListTotals {
    const row = this.#get(
      `SELECT count(*) AS files, coalesce(sum(CASE type WHEN 'file' THEN size ELSE 0 END), 0) AS bytes FROM entries
       WHERE state = 'wanted' AND type IN ('file', 'hardlink')`,
    )!;
    return { files: row['files'] as number, bytes: row['bytes'] as number };
  }

  /** Lists the chunks of every wanted file. */
  wantChunks(): void {
    for (const row of this.#each(`SELECT id, chunks, sha256 FROM entries WHERE state = 'wanted' AND type = 'file' AND parts > 0`)) {
      let position = 0;
      for (const chunk of unpackChunks(asBuffer(row['chunks']), asBuffer(row['sha256']))) {
        this.#use(chunk.volume, chunk.offset, chunk.length, row['id'] as number, position, chunk.sha256);
        position += chunk.length;
      }
    }
  }

  /** The volumes of a target that something is wanted of, in the order of their names. */
  *volumes(target: number): Generator<{ id: number; name: string; layout: string }> {
    const sql = 'SELECT id, name, layout FROM volumes v WHERE target = ? AND EXISTS (SELECT 1 FROM uses u WHERE u.volume = v.id) ORDER BY name';
    for (const row of this.#each(sql, target)) yield { id: row['id'] as number, name: row['name'] as string, layout: row['layout'] as string };
  }

  /** The volumes of a target that something is wanted of and that are in this state; it may be changed meanwhile. */
  *volumesIn(target: number, thaw: ThawState | null): Generator<ListedVolume> {
    const sql = `SELECT id, name, layout, class FROM volumes v WHERE target = ? AND name > ? AND thaw IS ?
      AND EXISTS (SELECT 1 FROM uses u WHERE u.volume = v.id) ORDER BY name LIMIT ${pageSize}`;
    let last = '';
    for (;;) {
      const rows = this.#all(sql, target, last, thaw);
      for (const row of rows) yield { id: row['id'] as number, name: row['name'] as string, layout: row['layout'] as string, storageClass: row['class'] as string | null };
      if (rows.length < pageSize) return;
      last = rows.at(-1)!['name'] as string;
    }
  }

  /** True if a target is thawing volumes, wanted now or put off. */
  isThawing(target: number): boolean {
    return this.#get(`SELECT 1 FROM volumes WHERE target = ? AND thaw = 'thawing' LIMIT 1`, target) !== undefined;
  }

  setThaw(volume: number, thaw: ThawState, storageClass?: string): void {
    this.#run('UPDATE volumes SET thaw = ?, class = coalesce(?, class) WHERE id = ?', thaw, storageClass ?? null, volume);
  }

  /** Whatever its class is said to be, the target is to be asked about this volume. */
  suspectCold(volume: number): void {
    this.#run('UPDATE volumes SET thaw = NULL, class = NULL WHERE id = ?', volume);
  }

  /** All that was wanted has been looked for; what is missing may be `offer`ed once more. */
  forgetUses(): void {
    this.#run('DELETE FROM uses');
  }

  /** What targets said about thaws is to be asked again. */
  forgetThaws(): void {
    this.#run('UPDATE volumes SET thaw = NULL');
  }

  /** The volumes of a target that something is wanted of and that cannot be read yet, counted by state and class. */
  unreadable(target: number): UnreadableVolumes[] {
    const sql = `SELECT thaw, class, count(*) AS objects, sum(size) AS bytes FROM volumes v WHERE target = ? AND thaw IN ('cold', 'thawing')
      AND EXISTS (SELECT 1 FROM uses u WHERE u.volume = v.id) GROUP BY thaw, class ORDER BY class`;
    return this.#all(sql, target).map((row) => ({
      thaw: row['thaw'] as 'cold' | 'thawing',
      storageClass: row['class'] as string,
      objects: row['objects'] as number,
      bytes: row['bytes'] as number,
    }));
  }

  /** Notes that a volume gives nothing, and takes it out: its chunks may be `offer`ed at other places, or at this one again. */
  putOff(volume: number, reason: string): void {
    this.miss(volume, reason);
    this.#run('DELETE FROM uses WHERE volume = ?', volume);
  }

  /** The ranges of a volume that are wanted, by offset and length, each once. */
  *ranges(volume: number): Generator<ListedRange> {
    for (const row of this.#each('SELECT DISTINCT offset, length FROM uses WHERE volume = ? ORDER BY offset, length', volume)) {
      yield { offset: row['offset'] as number, length: row['length'] as number };
    }
  }

  /** Who wants the ranges of a volume from `first` to `last`, by offset and length. */
  *uses(volume: number, first: ListedRange, last: ListedRange): Generator<ListedUse> {
    const rows = this.#each(
      `SELECT u.offset, u.length, u.position, u.sha256 AS chunk, ${entryColumns} FROM uses u JOIN entries e ON e.id = u.entry
       WHERE u.volume = ? AND (u.offset, u.length) >= (?, ?) AND (u.offset, u.length) <= (?, ?) ORDER BY u.offset, u.length, u.entry, u.position`,
      volume, first.offset, first.length, last.offset, last.length,
    );
    for (const row of rows) {
      const { offset, length, position } = row as { offset: number; length: number; position: number };
      yield { offset, length, position, sha256: asBuffer(row['chunk']), entry: toEntry(row) };
    }
  }

  /** Notes that a volume does not give these bytes, or, without a range, that it gives none. */
  miss(volume: number, reason: string, range?: ListedRange): void {
    this.#run(
      `INSERT OR REPLACE INTO missing (sha256, entry, position, length, reason) SELECT sha256, entry, position, length, ? FROM uses
       WHERE volume = ?${range ? ' AND offset = ? AND length = ?' : ''}`,
      reason, volume, ...(range ? [range.offset, range.length] : []),
    );
  }

  /** Notes that one use got other bytes than it wants. */
  missUse(use: ListedUse, reason: string): void {
    this.#run('INSERT OR REPLACE INTO missing (sha256, entry, position, length, reason) VALUES (?, ?, ?, ?, ?)', use.sha256, use.entry.id, use.position, use.length, reason);
  }

  /** How many chunks of a snapshot's files are missing; of all snapshots without a number. */
  missingCount(snapshot?: number): number {
    const where = snapshot === undefined ? '' : 'WHERE entry IN (SELECT id FROM entries WHERE snapshot = ?)';
    return this.#get(`SELECT count(*) AS count FROM missing ${where}`, ...(snapshot === undefined ? [] : [snapshot]))!['count'] as number;
  }

  /** Another place of a chunk: whoever misses it will find it there. Chunks that nobody misses are passed over. */
  offer(chunk: ListedChunk): void {
    const missing = this.#all('SELECT entry, position FROM missing WHERE sha256 = ? AND length = ?', chunk.sha256, chunk.length);
    for (const { entry, position } of missing) this.#use(chunk.volume, chunk.offset, chunk.length, entry as number, position as number, chunk.sha256);
    if (missing.length > 0) this.#run('DELETE FROM missing WHERE sha256 = ? AND length = ?', chunk.sha256, chunk.length);
  }

  /** The files that miss a chunk, each once, with the reason of one. */
  *missingFiles(): Generator<{ entry: ListedEntry; reason: string }> {
    const sql = `SELECT ${entryColumns}, min(m.reason) AS reason FROM missing m JOIN entries e ON e.id = m.entry GROUP BY e.id ORDER BY e.snapshot, e.path`;
    for (const row of this.#each(sql)) yield { entry: toEntry(row), reason: row['reason'] as string };
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #use(volume: number, offset: number, length: number, entry: number, position: number, sha256: Buffer): void {
    this.#run('INSERT OR REPLACE INTO uses (volume, offset, length, entry, position, sha256) VALUES (?, ?, ?, ?, ?, ?)', volume, offset, length, entry, position, sha256);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    guard(() => this.#statement(sql).run(...values));
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return guard(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return guard(() => this.#statement(sql).all(...values) as Row[]);
  }

  *#each(sql: string, ...values: SQLInputValue[]): Generator<Row> {
    // A statement of its own: a cached one that is still being stepped through must not be started again.
    const rows = guard(() => this.#database.prepare(sql).iterate(...values));
    for (;;) {
      const next = guard(() => rows.next());
      if (next.done) return;
      yield next.value as Row;
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

function packChunks(chunks: readonly ListedChunk[]): Buffer {
  const bytesEach = placeBytes + (chunks.length === 1 ? 0 : hashBytes);
  const bytes = Buffer.allocUnsafe(chunks.length * bytesEach);
  for (const [index, chunk] of chunks.entries()) {
    const at = index * bytesEach;
    bytes.writeUInt32LE(chunk.volume, at);
    bytes.writeDoubleLE(chunk.offset, at + 4);
    bytes.writeDoubleLE(chunk.length, at + 12);
    if (chunks.length > 1) chunk.sha256.copy(bytes, at + placeBytes);
  }
  return bytes;
}

function* unpackChunks(bytes: Buffer, fileHash: Buffer): Generator<ListedChunk> {
  const bytesEach = bytes.length === placeBytes ? placeBytes : placeBytes + hashBytes;
  for (let at = 0; at < bytes.length; at += bytesEach) {
    const sha256 = bytesEach === placeBytes ? fileHash : bytes.subarray(at + placeBytes, at + bytesEach);
    yield { volume: bytes.readUInt32LE(at), offset: bytes.readDoubleLE(at + 4), length: bytes.readDoubleLE(at + 12), sha256 };
  }
}

function toEntry(row: Row): ListedEntry {
  const entry: ListedEntry = {
    id: row['id'] as number,
    snapshot: row['snapshot'] as number,
    state: row['state'] as ListedState,
    path: fromName(row['path']),
    type: row['type'] as EntryType,
    mode: row['mode'] as number,
    uid: row['uid'] as number,
    gid: row['gid'] as number,
    mtime: row['mtime'] as string,
    size: row['size'] as number,
    sha256: row['sha256'] === null ? null : asBuffer(row['sha256']),
    parts: row['parts'] as number,
  };
  if (row['link'] !== null) entry.link = fromName(row['link']);
  if (row['sparse'] === 1) entry.sparse = true;
  return entry;
}

/** Its disk is the one for temporary files; anything else that goes wrong here is a bug and is shown as one. */
function guard<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    const result = (error as { errcode?: number }).errcode;
    if (result === undefined || (result & 0xff) === 1) throw error;
    throw new BatError('STATE_FAILED', `The restore cannot keep its list of files: ${(error as Error).message}.`, {
      hint: 'Free some space where temporary files go, or set TMPDIR to a folder with more.',
      cause: error,
    });
  }
}
