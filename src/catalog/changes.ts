/** What became of the entries of a source between two of its snapshots: only what is not the same row in both. */
import type { Catalog } from './catalog.ts';
import { entryColumnCount, entryColumns, toEntry, type CatalogEntry } from './entry-rows.ts';

export interface Change {
  before: CatalogEntry | null;
  after: CatalogEntry | null;
}

const newColumns = entryColumns.replaceAll('e.', 'n.');

export class Changes {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** In no order. `from` is the lower number. Reads what changed in between, however much there is besides. */
  *between(source: string, from: number, to: number): Generator<Change> {
    // What the earlier one has and the later one has not as it was, with what stands in its place.
    const gone = this.#catalog.eachList(
      `SELECT ${entryColumns}, ${newColumns}, n.id FROM entries e CROSS JOIN directories d ON d.id = e.directory
       LEFT JOIN entries n ON n.directory = e.directory AND n.name = e.name AND n.since > ?1 AND n.since <= ?2 AND (n.until IS NULL OR n.until > ?2)
       WHERE e.until > ?1 AND e.until <= ?2 AND e.since <= ?1 AND d.source = ?3`,
      from,
      to,
      source,
    );
    for (const row of gone) yield { before: toEntry(row), after: row.at(-1) === null ? null : toEntry(row, entryColumnCount) };
    const come = this.#catalog.eachList(
      `SELECT ${entryColumns} FROM entries e CROSS JOIN directories d ON d.id = e.directory
       WHERE e.since > ?1 AND e.since <= ?2 AND (e.until IS NULL OR e.until > ?2) AND d.source = ?3
       AND NOT EXISTS (SELECT 1 FROM entries o WHERE o.directory = e.directory AND o.name = e.name AND o.until IS NOT NULL AND o.until > ?1 AND o.since <= ?1)`,
      from,
      to,
      source,
    );
    for (const row of come) yield { before: null, after: toEntry(row) };
  }
}
