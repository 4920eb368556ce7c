/** Every version of every path of a source, over all of its snapshots. */
import type { SQLInputValue } from 'node:sqlite';
import type { EntryType } from '../core/entry.ts';
import type { Catalog, List } from './catalog.ts';
import { ChunkHashes } from './chunk-hashes.ts';
import { fromName, joinPath, splitPath, toName } from './columns.ts';
import { joinVersions } from './join-versions.ts';
import { entryColumnCount, entryColumns, toEntry, type CatalogEntry } from './entry-rows.ts';

export interface EntryVersion extends CatalogEntry {
  /** The number of the first snapshot that has it, and of the first after that which has it not; null if the newest has it. */
  since: number;
  until: number | null;
}

/** All of these must hold; those that are left out hold for everything. */
export interface VersionFilter {
  types?: readonly EntryType[];
  /** Bytes: files of more, or of less. */
  larger?: number;
  smaller?: number;
  /** Seconds since 1970: changed at that time or later, or before it. */
  newer?: number;
  older?: number;
  /** Snapshots by their numbers, from … to: versions that one of them may have. */
  numbers?: { from: number; to: number };
  /**
   * The hash of a file, or of a chunk: files that are or hold it. Hard links, whose content is their first name's, are given all:
   * the caller asks for each.
   */
  sha256?: Buffer;
}

const columns = `${entryColumns}, e.since, e.until`;
/** Each half is in order by its own index, so that nothing has to be sorted. */
const inOrder = 'ORDER BY path, name, since';

export class Versions {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** By directory and name, the oldest version of a path first. */
  *all(source: string, filter: VersionFilter = {}): Generator<EntryVersion> {
    yield* joinVersions(this.#rows(source, filter, columns).map(toVersion));
  }

  /** The same for paths that are accepted, and null for each of the others, so that the caller may rest; of these nothing but the name is read. */
  *matching(source: string, filter: VersionFilter, accepts: (path: string) => boolean): Generator<EntryVersion | null> {
    yield* joinVersions(this.#accepted(source, filter, accepts));
  }

  *#accepted(source: string, filter: VersionFilter, accepts: (path: string) => boolean): Generator<EntryVersion | null> {
    for (const [directory, name, , id] of this.#rows(source, filter, 'd.path, e.name, e.since, e.id')) {
      if (accepts(joinPath(fromName(directory), fromName(name)))) {
        yield toVersion(this.#catalog.lists(`SELECT ${columns} FROM entries e CROSS JOIN directories d ON d.id = e.directory WHERE e.id = ?`, id as number)[0]!);
      } else yield null;
    }
  }

  /** Those of one path, the oldest first. */
  of(source: string, path: string): EntryVersion[] {
    const [directory, name] = splitPath(path);
    const half = (until: string): string => `SELECT ${columns} FROM directories d CROSS JOIN entries e ON e.directory = d.id WHERE d.source = ? AND d.path = ? AND e.name = ? AND e.until ${until}`;
    const at = [source, toName(directory), toName(name)];
    return [...joinVersions(this.#catalog.lists(`${half('IS NULL')} UNION ALL ${half('IS NOT NULL')} ${inOrder}`, ...at, ...at).map(toVersion))];
  }

  /** What a snapshot has right in a directory. */
  *inDirectory(source: string, directory: string, number: number): Generator<EntryVersion> {
    const half = (until: string): string => `SELECT ${columns} FROM directories d CROSS JOIN entries e ON e.directory = d.id WHERE d.source = ? AND d.path = ? AND e.since <= ? AND e.until ${until}`;
    const at = [source, toName(directory), number];
    for (const row of this.#catalog.eachList(`${half('IS NULL')} UNION ALL ${half('> ?')}`, ...at, ...at, number)) yield toVersion(row);
  }

  /** The one that a snapshot has, or null. */
  at(source: string, path: string, number: number): EntryVersion | null {
    return this.of(source, path).find(({ since, until }) => since <= number && (until === null || until > number)) ?? null;
  }

  *#rows(source: string, filter: VersionFilter, wanted: string): Generator<List> {
    const { sql, values } = this.#conditions(filter);
    const half = (until: string): string => `SELECT ${wanted} FROM directories d CROSS JOIN entries e ON e.directory = d.id WHERE d.source = ? AND e.until ${until} ${sql}`;
    yield* this.#catalog.eachList(`${half('IS NULL')} UNION ALL ${half('IS NOT NULL')} ${inOrder}`, source, ...values, source, ...values);
  }

  #conditions({ types, larger, smaller, newer, older, numbers, sha256 }: VersionFilter): { sql: string; values: SQLInputValue[] } {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const add = (condition: string, ...given: SQLInputValue[]): void => {
      conditions.push(`AND ${condition}`);
      values.push(...given);
    };
    if (types) add('e.type IN (SELECT value FROM json_each(?))', JSON.stringify(types));
    if (larger !== undefined) add('e.size > ?', larger);
    if (smaller !== undefined) add('e.size < ?', smaller);
    if (newer !== undefined) add('CAST(e.mtime AS REAL) >= ?', newer);
    if (older !== undefined) add('CAST(e.mtime AS REAL) < ?', older);
    if (numbers) add('e.since <= ? AND (e.until IS NULL OR e.until > ?)', numbers.to, numbers.from);
    if (sha256) {
      const chunk = ChunkHashes.of(this.#catalog).find(sha256);
      const packed = chunk === null ? null : packId(chunk);
      add(`(e.sha256 = ? OR instr(e.chunks, ?) > 0 OR e.type = 'hardlink')`, sha256, packed);
    }
    return { sql: conditions.join(' '), values };
  }
}

function packId(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(id);
  return bytes;
}

function toVersion(row: List): EntryVersion {
  return { ...toEntry(row), since: row[entryColumnCount] as number, until: row[entryColumnCount + 1] as number | null };
}
