/** How much each run has stored of each source, and what of it the targets hold. */
import type { Catalog } from './catalog.ts';

export interface StoredByRun {
  source: string;
  run: string;
  /** Content in the volumes that it made: what was there already is not in them. */
  deduplicated: number;
  /** Of these volumes, one object each, the smallest. */
  compressed: number;
  /** Of all of their objects, on all targets. */
  stored: number;
}

export interface ClassHolding {
  target: string;
  /** Null where the receipts name none. */
  storageClass: string | null;
  objects: number;
  bytes: number;
}

/** By run, the oldest first: ids of runs sort by their time. Runs of which nothing is left are not in it. */
export function storedByRun(catalog: Catalog): StoredByRun[] {
  const byKey = new Map<string, StoredByRun>();
  const rows = catalog.each(
    `SELECT v.source, v.run,
       (SELECT sum(c.length) FROM places p CROSS JOIN chunks c ON c.id = p.chunk WHERE p.volume = v.id) AS deduplicated,
       (SELECT min(o.size) FROM objects o WHERE o.volume = v.id) AS compressed,
       (SELECT sum(o.size) FROM objects o CROSS JOIN receipts r ON r.object = o.id WHERE o.volume = v.id) AS stored
     FROM volumes v WHERE v.state = 'stored'`,
  );
  for (const row of rows) {
    const source = row['source'] as string;
    const run = row['run'] as string;
    const key = `${run} ${source}`;
    const known = byKey.get(key) ?? { source, run, deduplicated: 0, compressed: 0, stored: 0 };
    byKey.set(key, known);
    for (const column of ['deduplicated', 'compressed', 'stored'] as const) known[column] += (row[column] as number | null) ?? 0;
  }
  return [...byKey.values()].sort((a, b) => (a.run < b.run ? -1 : 1));
}

/** What the targets hold of the volumes that were made of these sources. */
export function holdingsByClass(catalog: Catalog, sources: readonly string[]): ClassHolding[] {
  const sql = `SELECT r.target, r.storage_class, count(*) AS objects, sum(o.size) AS bytes
    FROM objects o CROSS JOIN receipts r ON r.object = o.id CROSS JOIN volumes v ON v.id = o.volume
    WHERE v.source IN (SELECT value FROM json_each(?)) GROUP BY r.target, r.storage_class ORDER BY r.target, r.storage_class`;
  return catalog.all(sql, JSON.stringify(sources)).map((row) => ({
    target: row['target'] as string,
    storageClass: row['storage_class'] as string | null,
    objects: row['objects'] as number,
    bytes: row['bytes'] as number,
  }));
}

/** The manifests of these sources on each target. */
export function manifestHoldings(catalog: Catalog, sources: readonly string[]): Omit<ClassHolding, 'storageClass'>[] {
  const sql = `SELECT m.target, count(*) AS objects, sum(m.size) AS bytes FROM manifests m JOIN snapshots s ON s.id = m.snapshot
    WHERE s.source IN (SELECT value FROM json_each(?)) GROUP BY m.target ORDER BY m.target`;
  return catalog.all(sql, JSON.stringify(sources)).map((row) => ({ target: row['target'] as string, objects: row['objects'] as number, bytes: row['bytes'] as number }));
}
