/** Which targets hold the manifests of which snapshots. */
import { asBuffer, packIds, unpackIds } from './columns.ts';
import type { Catalog, Row } from './catalog.ts';
import { IdSet } from './id-set.ts';

export interface ManifestRecord {
  snapshot: string;
  target: string;
  name: string;
  /** 0 where nobody knows any more. */
  size: number;
  /** Of the bytes as they are stored; null where nobody knows any more. */
  sha256: Buffer | null;
  base: string | null;
  /** Entries and removals in this manifest itself, not counting its base's. */
  entries: number;
  /** Whom it is sealed to, or null if it is plain. */
  recipients: readonly string[] | null;
  /** The volumes that its own lines speak of; null where nobody knows any more. */
  volumes: readonly number[] | null;
  /** Of its signer, as its header has it; null where it is not signed, or nobody knows any more. */
  serial: number | null;
}

export class Manifests {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  add(record: ManifestRecord): void {
    this.#catalog.run(
      'INSERT OR REPLACE INTO manifests (snapshot, target, name, size, sha256, base, entries, recipients, volumes, serial) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      record.snapshot, record.target, record.name, record.size, record.sha256, record.base, record.entries,
      record.recipients && JSON.stringify(record.recipients), record.volumes && packIds(record.volumes), record.serial,
    );
  }

  /** The target holds what another one does: just as far behind in its tags and its protection. */
  addCopy(record: ManifestRecord, from: string): void {
    this.add(record);
    this.#catalog.run(
      'UPDATE manifests SET stale = coalesce((SELECT f.stale FROM manifests f WHERE f.snapshot = ?1 AND f.target = ?3), 0) WHERE snapshot = ?1 AND target = ?2', record.snapshot, record.target, from,
    );
  }

  /** What is in the manifest is not known until `add` says it: it is about to be written again. The caller flushes. */
  blur(snapshot: string, target: string): void {
    this.#catalog.run(
      `UPDATE manifests SET size = 0, sha256 = NULL, base = '', entries = -1, volumes = NULL, serial = NULL WHERE snapshot = ? AND target = ?`, snapshot, target,
    );
  }

  remove(snapshot: string, target: string): void {
    this.#catalog.run('DELETE FROM manifests WHERE snapshot = ? AND target = ?', snapshot, target);
  }

  /** Names of manifests of snapshots that the catalog has no more. */
  forgottenOn(target: string): { name: string; size: number }[] {
    return this.#catalog.all('SELECT name, size FROM manifests WHERE target = ? AND snapshot NOT IN (SELECT id FROM snapshots)', target) as { name: string; size: number }[];
  }

  removeForgotten(target: string): void {
    this.#catalog.run('DELETE FROM manifests WHERE target = ? AND snapshot NOT IN (SELECT id FROM snapshots)', target);
  }

  get(snapshot: string, target: string): ManifestRecord | null {
    const row = this.#catalog.get('SELECT * FROM manifests WHERE snapshot = ? AND target = ?', snapshot, target);
    return row ? toManifest(row) : null;
  }

  /** True if a target is known to hold a manifest of the snapshot. */
  isHeld(id: string): boolean {
    return this.#catalog.get('SELECT 1 FROM manifests WHERE snapshot = ?', id) !== undefined;
  }

  /** The lowest serial of the snapshot's manifests on these targets; null if one of them has none. */
  leastSerial(snapshot: string, targets: readonly string[]): number | null {
    const row = this.#catalog.get(
      `SELECT CASE WHEN count(serial) = count(*) THEN min(serial) END AS serial FROM manifests WHERE snapshot = ? AND target IN (SELECT value FROM json_each(?))`,
      snapshot,
      JSON.stringify(targets),
    )!;
    return row['serial'] as number | null;
  }

  /** Those of a snapshot, by target. */
  of(snapshot: string): ManifestRecord[] {
    return this.#catalog.all('SELECT * FROM manifests WHERE snapshot = ? ORDER BY target', snapshot).map(toManifest);
  }

  /** Other targets that hold the same manifest of a snapshot: the same bytes. */
  othersWith({ snapshot, target, name, sha256 }: ManifestRecord): string[] {
    const sql = 'SELECT target FROM manifests WHERE snapshot = ? AND target <> ? AND name = ? AND sha256 = ? ORDER BY target';
    return this.#catalog.all(sql, snapshot, target, name, sha256).map((row) => row['target'] as string);
  }

  /** The name of a manifest that has these bytes, or null. */
  nameOf(sha256: Buffer): string | null {
    return (this.#catalog.get('SELECT name FROM manifests WHERE sha256 = ? LIMIT 1', sha256)?.['name'] as string | undefined) ?? null;
  }

  /** Every volume that manifests on a target speak of, as far as that is known. */
  volumesOn(target: string): IdSet {
    const volumes = new IdSet();
    for (const row of this.#catalog.each('SELECT volumes FROM manifests WHERE target = ? AND volumes IS NOT NULL', target)) {
      for (const volume of unpackIds(row['volumes'])) volumes.add(volume);
    }
    return volumes;
  }

  /** One at a time: a manifest may speak of as many volumes as there are files. */
  *eachOn(target: string): Generator<ManifestRecord> {
    for (const row of this.#catalog.each('SELECT * FROM manifests WHERE target = ? ORDER BY snapshot', target)) yield toManifest(row);
  }

  /** Those that do not say the tags or the protection that the catalog has. */
  stale(): { snapshot: string; target: string }[] {
    return this.#catalog.all('SELECT snapshot, target FROM manifests WHERE stale = 1 ORDER BY snapshot, target') as { snapshot: string; target: string }[];
  }

  on(target: string): ManifestRecord[] {
    return this.#catalog.all('SELECT * FROM manifests WHERE target = ?', target).map(toManifest);
  }

  /** Manifests that other targets of a lane hold and this one does not, oldest first, and where to get them. */
  missingOn(target: string, others: readonly string[]): (ManifestRecord & { from: string })[] {
    const rows = this.#catalog.all(
      `SELECT m.* FROM manifests m JOIN snapshots s ON s.id = m.snapshot
       WHERE s.state = 'done' AND m.target IN (SELECT value FROM json_each(?))
       AND NOT EXISTS (SELECT 1 FROM manifests t WHERE t.snapshot = m.snapshot AND t.target = ?) GROUP BY m.snapshot ORDER BY s.number`,
      JSON.stringify(others),
      target,
    );
    return rows.map((row) => Object.assign(toManifest(row), { from: row['target'] as string }));
  }

  /** The manifests of a source's snapshots that all of these targets hold under the same name, newest first. */
  onAll(source: string, targets: readonly string[]): ManifestRecord[] {
    const rows = this.#catalog.all(
      `SELECT m.* FROM manifests m JOIN snapshots s ON s.id = m.snapshot
       WHERE s.source = ? AND s.state = 'done' AND m.target IN (SELECT value FROM json_each(?))
       GROUP BY m.snapshot, m.name, m.base, m.recipients HAVING count(*) = ? ORDER BY s.number DESC`,
      source,
      JSON.stringify(targets),
      targets.length,
    );
    return rows.map(toManifest);
  }
}

function toManifest(row: Row): ManifestRecord {
  return {
    snapshot: row['snapshot'] as string,
    target: row['target'] as string,
    name: row['name'] as string,
    size: row['size'] as number,
    sha256: row['sha256'] === null ? null : asBuffer(row['sha256']),
    base: row['base'] as string | null,
    entries: row['entries'] as number,
    recipients: row['recipients'] === null ? null : (JSON.parse(row['recipients'] as string) as string[]),
    volumes: row['volumes'] === null ? null : unpackIds(row['volumes']),
    serial: row['serial'] as number | null,
  };
}
