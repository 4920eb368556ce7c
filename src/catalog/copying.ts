/** What one target holds of some snapshots, held against what another one holds of them. */
import { asBuffer } from './columns.ts';
import type { Catalog, Row } from './catalog.ts';
import type { ManifestRecord } from './manifests.ts';
import { readable, readableBy } from './readable.ts';

export interface CopiedObject {
  id: number;
  name: string;
  size: number;
  /** Of the bytes as they are stored. */
  sha256: Buffer;
}

/** Whom objects must be readable by on the other target: one of these, `null` for plain ones only, `any` where that does not matter. */
export type Readers = readonly string[] | null | 'any';

/** Rows that are held at a time. */
const PAGE = 1000;

const held = `FROM objects o JOIN receipts r ON r.object = o.id AND r.target = ? WHERE o.volume IN (SELECT volume FROM copied_volumes)`;
const lacked = `NOT EXISTS (SELECT 1 FROM receipts t WHERE t.object = o.id AND t.target = ?)`;

export class Copying {
  readonly #catalog: Catalog;
  readonly #from: string;
  readonly #to: string;
  readonly #readers: Readers;

  /** Begins anew; one at a time. */
  constructor(catalog: Catalog, { from, to, readers }: { from: string; to: string; readers: Readers }) {
    this.#catalog = catalog;
    this.#from = from;
    this.#to = to;
    this.#readers = readers;
    catalog.scratch('DELETE FROM copied_volumes');
  }

  /** All that a manifest's own lines speak of. `run`: the one that wrote it; where nobody knows what it speaks of, all that was stored up to it. */
  want({ volumes }: ManifestRecord, run: string): void {
    if (volumes === null) this.#catalog.scratch(`INSERT OR IGNORE INTO copied_volumes SELECT id FROM volumes WHERE state = 'stored' AND run <= ?`, run);
    else this.#catalog.scratch('INSERT OR IGNORE INTO copied_volumes SELECT value FROM json_each(?)', JSON.stringify(volumes));
  }

  /** How many objects there are to copy, and their bytes. `all`: also those that the other target holds. */
  totals(all: boolean): { objects: number; bytes: number } {
    const [condition, values] = this.#condition(all);
    return this.#catalog.get(`SELECT count(*) AS objects, coalesce(sum(o.size), 0) AS bytes ${held} ${condition}`, this.#from, ...values) as unknown as { objects: number; bytes: number };
  }

  /** The objects to copy, a few at a time: receipts may be added meanwhile. */
  *objects(all: boolean): Generator<CopiedObject> {
    const [condition, values] = this.#condition(all);
    for (let last = 0; ; ) {
      const rows = this.#catalog.all(`SELECT o.id, o.name, o.size, o.sha256 ${held} ${condition} AND o.id > ? ORDER BY o.id LIMIT ${PAGE}`, this.#from, ...values, last);
      for (const row of rows) yield toCopied(row);
      if (rows.length < PAGE) return;
      last = rows.at(-1)!['id'] as number;
    }
  }

  /** Volumes that the other target does not hold, or not every object of that this one has; each with the run that made it. */
  missingVolumes(): Map<number, string> {
    const rows = this.#catalog.all(
      `SELECT w.volume, v.run FROM copied_volumes w JOIN volumes v ON v.id = w.volume
       WHERE EXISTS (SELECT 1 FROM objects o JOIN receipts r ON r.object = o.id AND r.target = ? WHERE o.volume = w.volume AND ${lacked})
       OR NOT EXISTS (SELECT 1 FROM objects o JOIN receipts t ON t.object = o.id AND t.target = ? WHERE o.volume = w.volume)`,
      this.#from, this.#to, this.#to,
    );
    return new Map(rows.map((row) => [row['volume'] as number, row['run'] as string]));
  }

  #condition(all: boolean): [string, (string | null)[]] {
    const readers = this.#readers === 'any' ? { sql: '', values: [] } : { sql: `AND ${readable}`, values: readableBy(this.#readers) };
    return all ? [readers.sql, [...readers.values]] : [`${readers.sql} AND ${lacked}`, [...readers.values, this.#to]];
  }
}

function toCopied(row: Row): CopiedObject {
  return { id: row['id'] as number, name: row['name'] as string, size: row['size'] as number, sha256: asBuffer(row['sha256']) };
}
