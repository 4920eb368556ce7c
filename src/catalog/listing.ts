/** A target's own listing held against the catalog: what is missing there, and what is there that nobody knows. */
import type { Catalog } from './catalog.ts';

export class Listing {
  readonly #catalog: Catalog;
  readonly #target: string;

  /** Begins a new listing of a target; one at a time. */
  constructor(catalog: Catalog, target: string) {
    this.#catalog = catalog;
    this.#target = target;
    catalog.scratch('DELETE FROM listed');
  }

  add(name: string, size: number, checksum?: string): void {
    this.#catalog.scratch('INSERT OR REPLACE INTO listed (name, size, checksum) VALUES (?, ?, ?)', name, size, checksum ?? null);
  }

  /** What it says of a name; null if it is not in it. */
  find(name: string): { size: number; checksum: string | undefined } | null {
    const row = this.#catalog.get('SELECT size, checksum FROM listed WHERE name = ?', name);
    return row ? { size: row['size'] as number, checksum: (row['checksum'] as string | null) ?? undefined } : null;
  }

  get isEmpty(): boolean {
    return this.#catalog.get('SELECT 1 FROM listed LIMIT 1') === undefined;
  }

  /** What manifests speak of and the target lists in that size is there, whether or not they knew that. `above`: only objects with a higher id. */
  takeHeld(above: number): void {
    this.#catalog.run(
      `INSERT OR IGNORE INTO receipts (object, target, parts) SELECT o.id, ?, 1 FROM objects o JOIN listed l ON l.name = o.name AND l.size = o.size WHERE o.id > ?`,
      this.#target,
      above,
    );
  }

  /** Objects that the catalog has a receipt for and the target does not hold, or not in this size. */
  missingObjects(): { id: number; name: string }[] {
    return this.#catalog.all(
      `SELECT o.id, o.name FROM receipts r JOIN objects o ON o.id = r.object LEFT JOIN listed l ON l.name = o.name
       WHERE r.target = ? AND (l.name IS NULL OR l.size <> o.size)`,
      this.#target,
    ) as { id: number; name: string }[];
  }

  /** Of one that was being written again when bat was killed the size is not known. */
  missingManifests(): { snapshot: string; name: string }[] {
    return this.#catalog.all(
      `SELECT m.snapshot, m.name FROM manifests m LEFT JOIN listed l ON l.name = m.name WHERE m.target = ? AND (l.name IS NULL OR (m.size > 0 AND l.size <> m.size))`,
      this.#target,
    ) as { snapshot: string; name: string }[];
  }

  /** Names below `manifests/` that the catalog does not have. */
  unknownManifests(): string[] {
    return this.#catalog
      .all(
        `SELECT l.name FROM listed l WHERE l.name >= 'manifests/' AND l.name < 'manifests0'
         AND NOT EXISTS (SELECT 1 FROM manifests m WHERE m.name = l.name AND m.target = ?)`,
        this.#target,
      )
      .map((row) => row['name'] as string);
  }

  /**
   * Names of volumes and files that the catalog does not have. `ours`: names of bat's that are neither. An object that it has
   * without a receipt from this target is not one of them: damaged as it is, an earlier snapshot may still need what is left of it.
   */
  unknownObjects(ours: readonly string[]): string[] {
    return this.#catalog
      .all(
        `SELECT l.name FROM listed l WHERE NOT (l.name >= 'manifests/' AND l.name < 'manifests0') AND NOT (l.name >= 'keys/' AND l.name < 'keys0')
         AND NOT (l.name >= 'signed/' AND l.name < 'signed0')
         AND l.name NOT IN (SELECT value FROM json_each(?))
         AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.name = l.name)`,
        JSON.stringify(ours),
      )
      .map((row) => row['name'] as string);
  }
}
