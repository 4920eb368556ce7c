/** The snapshots of a plan, and committing a draft as one. What is in them is read by snapshot-entries.ts. */
import type { Entry } from '../core/entry.ts';
import type { Catalog, Row } from './catalog.ts';

export interface Snapshot {
  id: string;
  source: string;
  /** Counts the snapshots of a source. */
  number: number;
  run: string;
  /** ISO 8601, UTC. */
  time: string;
  state: 'pending' | 'done';
  /** Of the whole snapshot; hard links count as files, their bytes once. */
  files: number;
  bytes: number;
  /** A person's own words for it, each once. */
  tags: readonly string[];
  /** No policy forgets it. */
  protected: boolean;
}

/** What a manifest's header says of where a snapshot came from, as it was when the snapshot was taken. */
export interface SnapshotOrigin {
  category: string;
  host: string;
  /** Of bat. */
  version: string;
  roots: { prefix: string; path: string }[];
  top?: Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime'>;
}

export class Snapshots {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /**
   * Turns the draft of a source into its newest snapshot, `pending` until `finish`: its manifest can be written from
   * here. Everything is undone by `undo`.
   */
  seal(id: string, source: string, run: string, time: string, tags: readonly string[] = []): Snapshot {
    const before = this.latest(source);
    const number = (this.#catalog.get('SELECT max(number) AS number FROM snapshots WHERE source = ?', source)?.['number'] as number | null ?? 0) + 1;
    const mine = 'directory IN (SELECT id FROM directories WHERE source = ?)';
    if (this.#hasEntries(source)) {
      this.#catalog.run(
        `UPDATE entries SET until = ? WHERE until IS NULL AND (directory, name) IN (SELECT directory, name FROM draft WHERE leftover = 0 AND ${mine})`,
        number,
        source,
      );
    }
    this.#catalog.run(
      `INSERT INTO entries (directory, name, type, mode, uid, gid, mtime, size, link, sparse, stamp, sha256, chunks, since)
       SELECT directory, name, type, mode, uid, gid, mtime, size, link, sparse, stamp, sha256, chunks, ?
       FROM draft WHERE leftover = 0 AND type IS NOT NULL AND ${mine}`,
      number,
      source,
    );
    this.#clearDraft(source);
    const gone = this.#totals('until = ?', number, source);
    const come = this.#totals('since = ?', number, source);
    const snapshot: Snapshot = {
      id,
      source,
      number,
      run,
      time,
      state: 'pending',
      files: (before?.files ?? 0) - gone.files + come.files,
      bytes: (before?.bytes ?? 0) - gone.bytes + come.bytes,
      tags,
      protected: false,
    };
    this.#catalog.run(
      `INSERT INTO snapshots (id, source, number, run, time, state, files, bytes, tags) VALUES (?, ?, ?, ?, ?, 'pending', ?, ?, ?)`,
      id, source, number, run, time, snapshot.files, snapshot.bytes, JSON.stringify(tags),
    );
    return snapshot;
  }

  noteOrigin(id: string, origin: SnapshotOrigin): void {
    this.#catalog.run('UPDATE snapshots SET origin = ? WHERE id = ?', JSON.stringify(origin), id);
  }

  /** Null where nobody noted it: an older bat made the snapshot. */
  originOf(id: string): SnapshotOrigin | null {
    const row = this.#catalog.get('SELECT origin FROM snapshots WHERE id = ?', id);
    return typeof row?.['origin'] === 'string' ? (JSON.parse(row['origin']) as SnapshotOrigin) : null;
  }

  finish(id: string): void {
    this.#catalog.run(`UPDATE snapshots SET state = 'done' WHERE id = ?`, id);
  }

  /** What stands in its manifests is behind from now on: `stale` says so until they are written again. */
  mark(id: string, { tags, protected: isProtected }: Pick<Snapshot, 'tags' | 'protected'>): void {
    this.#catalog.run('UPDATE snapshots SET tags = ?, protected = ? WHERE id = ?', JSON.stringify(tags), isProtected ? 1 : 0, id);
    this.#catalog.run('UPDATE manifests SET stale = 1 WHERE snapshot = ?', id);
  }

  /** Takes the newest snapshot of a source back, as if it had never been sealed; the next run adopts what was read for it. */
  undo(snapshot: Snapshot): void {
    const mine = 'directory IN (SELECT id FROM directories WHERE source = ?)';
    this.#catalog.run(
      `INSERT OR REPLACE INTO draft (directory, name, leftover, type, mode, uid, gid, mtime, size, link, sparse, stamp, sha256, chunks)
       SELECT directory, name, 1, type, mode, uid, gid, mtime, size, link, sparse, stamp, sha256, chunks FROM entries WHERE since = ? AND ${mine}`,
      snapshot.number,
      snapshot.source,
    );
    this.#catalog.run(`DELETE FROM entries WHERE since = ? AND ${mine}`, snapshot.number, snapshot.source);
    this.#catalog.run(`UPDATE entries SET until = NULL WHERE until = ? AND ${mine}`, snapshot.number, snapshot.source);
    this.#catalog.run('DELETE FROM manifests WHERE snapshot = ?', snapshot.id);
    this.#catalog.run('DELETE FROM snapshots WHERE id = ?', snapshot.id);
    this.#catalog.setMeta(undoneKey(snapshot.id), 'yes');
  }

  /** True for a snapshot that `undo` took back: should a manifest of it turn up, nothing needs it. */
  wasUndone(id: string): boolean {
    return this.#catalog.getMeta(undoneKey(id)) !== null;
  }

  /** All that are done, oldest first. */
  list(): Snapshot[] {
    return this.#catalog.all(`SELECT * FROM snapshots WHERE state = 'done' ORDER BY time, source`).map(toSnapshot);
  }

  pending(): Snapshot[] {
    return this.#catalog.all(`SELECT * FROM snapshots WHERE state = 'pending' ORDER BY number DESC`).map(toSnapshot);
  }

  latest(source: string): Snapshot | null {
    const row = this.#catalog.get('SELECT * FROM snapshots WHERE source = ? ORDER BY number DESC LIMIT 1', source);
    return row ? toSnapshot(row) : null;
  }

  latestDone(source: string): Snapshot | null {
    const row = this.#catalog.get(`SELECT * FROM snapshots WHERE source = ? AND state = 'done' ORDER BY number DESC LIMIT 1`, source);
    return row ? toSnapshot(row) : null;
  }

  /** The newest snapshot of a source whose manifest a target holds. */
  latestOn(source: string, target: string): Snapshot | null {
    const row = this.#catalog.get(
      `SELECT s.* FROM snapshots s JOIN manifests m ON m.snapshot = s.id WHERE s.source = ? AND m.target = ? AND s.state = 'done'
       ORDER BY s.number DESC LIMIT 1`,
      source,
      target,
    );
    return row ? toSnapshot(row) : null;
  }

  get(id: string): Snapshot | null {
    const row = this.#catalog.get('SELECT * FROM snapshots WHERE id = ?', id);
    return row ? toSnapshot(row) : null;
  }

  #hasEntries(source: string): boolean {
    return this.#catalog.get('SELECT 1 FROM directories d CROSS JOIN entries e ON e.directory = d.id WHERE d.source = ? AND e.until IS NULL LIMIT 1', source) !== undefined;
  }

  /** Emptying the whole table costs nothing, however much is in it. */
  #clearDraft(source: string): void {
    const others = this.#catalog.get('SELECT 1 FROM directories d WHERE d.source <> ? AND EXISTS (SELECT 1 FROM draft f WHERE f.directory = d.id) LIMIT 1', source);
    if (others) this.#catalog.run('DELETE FROM draft WHERE directory IN (SELECT id FROM directories WHERE source = ?)', source);
    else this.#catalog.run('DELETE FROM draft');
  }

  #totals(condition: string, number: number, source: string): { files: number; bytes: number } {
    const row = this.#catalog.get(
      `SELECT count(*) AS files, coalesce(sum(CASE type WHEN 'file' THEN size ELSE 0 END), 0) AS bytes FROM entries
       WHERE ${condition} AND type IN ('file', 'hardlink') AND directory IN (SELECT id FROM directories WHERE source = ?)`,
      number,
      source,
    )!;
    return { files: row['files'] as number, bytes: row['bytes'] as number };
  }
}

function undoneKey(snapshot: string): string {
  return `undone:${snapshot}`;
}

function toSnapshot(row: Row): Snapshot {
  return {
    id: row['id'] as string,
    source: row['source'] as string,
    number: row['number'] as number,
    run: row['run'] as string,
    time: row['time'] as string,
    state: row['state'] as Snapshot['state'],
    files: row['files'] as number,
    bytes: row['bytes'] as number,
    tags: JSON.parse(row['tags'] as string) as string[],
    protected: row['protected'] === 1,
  };
}
