/** What is in a snapshot: all of it, or what another one of the same source does not have. */
import type { Catalog } from './catalog.ts';
import { fromName, joinPath } from './columns.ts';
import { entryColumns, toEntry, type CatalogEntry } from './entry-rows.ts';
import type { Snapshot } from './snapshots.ts';

export class SnapshotEntries {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Every entry of a snapshot, in the order in which they were found: nothing is sorted, and memory stays as it is. */
  *unsorted(snapshot: Snapshot): Generator<CatalogEntry> {
    const rows = this.#catalog.eachList(
      `SELECT ${entryColumns} FROM entries e CROSS JOIN directories d ON d.id = e.directory
       WHERE d.source = ? AND e.since <= ? AND (e.until IS NULL OR e.until > ?)`,
      snapshot.source,
      snapshot.number,
      snapshot.number,
    );
    for (const row of rows) yield toEntry(row);
  }

  /** Every entry of a snapshot, by directory and name. */
  *inOrder(snapshot: Snapshot): Generator<CatalogEntry> {
    const rows = this.#catalog.eachList(
      `SELECT ${entryColumns} FROM directories d CROSS JOIN entries e ON e.directory = d.id
       WHERE d.source = ? AND e.since <= ? AND (e.until IS NULL OR e.until > ?) ORDER BY d.path, e.name`,
      snapshot.source,
      snapshot.number,
      snapshot.number,
    );
    for (const row of rows) yield toEntry(row);
  }

  /** The entries of a snapshot that an earlier one of the same source does not have like this. */
  *changedSince(snapshot: Snapshot, base: Snapshot): Generator<CatalogEntry> {
    const rows = this.#catalog.eachList(
      `SELECT ${entryColumns} FROM entries e JOIN directories d ON d.id = e.directory
       WHERE d.source = ? AND e.since > ? AND e.since <= ? AND (e.until IS NULL OR e.until > ?)`,
      snapshot.source,
      base.number,
      snapshot.number,
      snapshot.number,
    );
    for (const row of rows) yield toEntry(row);
  }

  /** The paths of an earlier snapshot of the same source that this one does not have. */
  *removedSince(snapshot: Snapshot, base: Snapshot): Generator<string> {
    const rows = this.#catalog.each(
      `SELECT d.path AS directory, e.name FROM entries e JOIN directories d ON d.id = e.directory
       WHERE e.until > ? AND e.until <= ? AND e.since <= ? AND d.source = ?
       AND NOT EXISTS (SELECT 1 FROM entries n WHERE n.directory = e.directory AND n.name = e.name AND n.since > ? AND n.since <= ? AND (n.until IS NULL OR n.until > ?))`,
      base.number,
      snapshot.number,
      base.number,
      snapshot.source,
      base.number,
      snapshot.number,
      snapshot.number,
    );
    for (const row of rows) yield joinPath(fromName(row['directory']), fromName(row['name']));
  }

  /** How many entries and removals `changedSince` and `removedSince` would give, at most. */
  countSince(snapshot: Snapshot, base: Snapshot): number {
    const row = this.#catalog.get(
      `SELECT (SELECT count(*) FROM entries e JOIN directories d ON d.id = e.directory WHERE d.source = ?1 AND e.since > ?2 AND e.since <= ?3)
            + (SELECT count(*) FROM entries e JOIN directories d ON d.id = e.directory WHERE d.source = ?1 AND e.until > ?2 AND e.until <= ?3 AND e.since <= ?2) AS count`,
      snapshot.source,
      base.number,
      snapshot.number,
    )!;
    return row['count'] as number;
  }
}
