/** How much lies on which target: of everything, of some volumes, or of a source. Which objects these are is in receipts.ts. */
import type { Catalog } from './catalog.ts';
import { IdSet } from './id-set.ts';

export interface TargetHolding {
  target: string;
  objects: number;
  bytes: number;
  /** Different volumes among them: a plain and a sealed object of one volume count as one. */
  volumes: number;
}

/** By target id, for those that hold anything. */
export function allHoldings(catalog: Catalog): TargetHolding[] {
  const sql = `SELECT r.target, count(*) AS objects, sum(o.size) AS bytes, count(DISTINCT o.volume) AS volumes
    FROM objects o CROSS JOIN receipts r ON r.object = o.id GROUP BY r.target ORDER BY r.target`;
  return catalog.all(sql).map((row) => ({ target: row['target'] as string, objects: row['objects'] as number, bytes: row['bytes'] as number, volumes: row['volumes'] as number }));
}

/** How many objects a target holds, and their bytes. */
export function holdingOn(catalog: Catalog, target: string): { objects: number; bytes: number } {
  const sql = 'SELECT count(*) AS objects, coalesce(sum(o.size), 0) AS bytes FROM receipts r JOIN objects o ON o.id = r.object WHERE r.target = ?';
  return catalog.get(sql, target) as unknown as { objects: number; bytes: number };
}

/** The same by storage class; null where the receipts name none. */
export function holdingByClass(catalog: Catalog, target: string): { storageClass: string | null; objects: number; bytes: number }[] {
  const sql = `SELECT r.storage_class, count(*) AS objects, sum(o.size) AS bytes FROM receipts r JOIN objects o ON o.id = r.object
    WHERE r.target = ? GROUP BY r.storage_class ORDER BY r.storage_class`;
  return catalog.all(sql, target).map((row) => ({ storageClass: row['storage_class'] as string | null, objects: row['objects'] as number, bytes: row['bytes'] as number }));
}

/** Bytes that a target holds of what a source was the first to store. */
export function bytesOfSource(catalog: Catalog, source: string, target: string): number {
  const sql = `SELECT coalesce(sum(o.size), 0) AS bytes FROM volumes v JOIN objects o ON o.volume = v.id JOIN receipts r ON r.object = o.id
    WHERE v.source = ? AND r.target = ?`;
  return catalog.get(sql, source, target)!['bytes'] as number;
}

export function countVolumes(catalog: Catalog): number {
  return catalog.get(`SELECT count(*) AS count FROM volumes WHERE state = 'stored'`)!['count'] as number;
}

/** The volumes that these chunks are read from: of each one, the newest that has it. */
export function volumesOfChunks(catalog: Catalog, chunks: IdSet): IdSet {
  const volumes = new IdSet();
  const rows = catalog.each(`SELECT p.chunk, max(p.volume) AS volume FROM places p CROSS JOIN volumes v ON v.id = p.volume WHERE v.state = 'stored' GROUP BY p.chunk`);
  for (const row of rows) if (chunks.has(row['chunk'] as number)) volumes.add(row['volume'] as number);
  return volumes;
}

/** What the targets hold of these volumes. */
export function holdingsOf(catalog: Catalog, volumes: IdSet): TargetHolding[] {
  const byTarget = new Map<string, TargetHolding & { last: number }>();
  for (const row of catalog.each('SELECT o.volume, o.size, r.target FROM objects o CROSS JOIN receipts r ON r.object = o.id ORDER BY o.volume')) {
    const volume = row['volume'] as number;
    if (!volumes.has(volume)) continue;
    const target = row['target'] as string;
    const holding = byTarget.get(target) ?? { target, objects: 0, bytes: 0, volumes: 0, last: -1 };
    byTarget.set(target, holding);
    holding.objects++;
    holding.bytes += row['size'] as number;
    if (holding.last !== volume) holding.volumes++;
    holding.last = volume;
  }
  return [...byTarget.values()].map(({ last: _last, ...holding }) => holding).sort((a, b) => (a.target < b.target ? -1 : 1));
}
