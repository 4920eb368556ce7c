/** Who can read what is stored. */
import type { Catalog } from './catalog.ts';

export interface Readable {
  /** Any one of them can read it; null for what is plain. */
  recipients: readonly string[] | null;
  objects: number;
  bytes: number;
  /** Whose manifests are for these; what was forgotten and still lies on a target is none. */
  snapshots: number;
}

export class Readers {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** What lies on at least one target, manifests among the objects, by whom it is sealed to; what was stored first comes first. */
  bySet(): Readable[] {
    const rows = this.#catalog.all(
      `SELECT recipients, sum(objects) AS objects, sum(bytes) AS bytes, sum(snapshots) AS snapshots, min(first) AS first FROM (
         SELECT o.recipients, count(*) AS objects, sum(o.size) AS bytes, 0 AS snapshots, min(v.run) AS first FROM objects o JOIN volumes v ON v.id = o.volume
         WHERE EXISTS (SELECT 1 FROM receipts r WHERE r.object = o.id) GROUP BY o.recipients
         UNION ALL
         SELECT recipients, count(DISTINCT name), sum(size), count(DISTINCT known), min(snapshot) FROM (
           SELECT m.recipients, m.name, m.snapshot, s.id AS known, max(m.size) AS size FROM manifests m LEFT JOIN snapshots s ON s.id = m.snapshot GROUP BY m.recipients, m.name, m.snapshot) GROUP BY recipients
       ) GROUP BY recipients ORDER BY first, recipients`,
    );
    return rows.map((row) => ({
      recipients: row['recipients'] === null ? null : (JSON.parse(row['recipients'] as string) as string[]),
      objects: row['objects'] as number,
      bytes: row['bytes'] as number,
      snapshots: row['snapshots'] as number,
    }));
  }

  /** Objects on these targets, manifests left out, that are sealed, and none of these recipients can read: what they hold is stored again. */
  outOfReach(targets: readonly string[], recipients: readonly string[]): { objects: number; bytes: number } {
    const sql = `SELECT count(*) AS objects, coalesce(sum(o.size), 0) AS bytes FROM objects o WHERE o.recipients IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM json_each(o.recipients) a JOIN json_each(?) b ON a.value = b.value)
      AND EXISTS (SELECT 1 FROM receipts r WHERE r.object = o.id AND r.target IN (SELECT value FROM json_each(?)))`;
    return this.#catalog.get(sql, JSON.stringify(recipients), JSON.stringify(targets)) as { objects: number; bytes: number };
  }
}
