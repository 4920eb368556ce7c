/** All that the catalog knows of one object, and of the chunks in its volume. */
import type { Catalog } from './catalog.ts';
import { IdSet } from './id-set.ts';
import { toNewObject, toReceipt, type CatalogObject, type ObjectReceipt } from './object-rows.ts';

export type ObjectFacts = CatalogObject & { run: string; source: string; receipts: ({ target: string } & ObjectReceipt)[] };

/** An object of a volume, and who holds it. */
export interface VolumeObject {
  name: string;
  targets: string[];
}

export interface ChunkPlace {
  volume: number;
  /** In the decoded volume. */
  offset: number;
}

export class ObjectFinder {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  named(name: string): ObjectFacts | null {
    const row = this.#catalog.get('SELECT o.*, v.decoded, v.run, v.source FROM objects o JOIN volumes v ON v.id = o.volume WHERE o.name = ?', name);
    if (!row) return null;
    const receipts = this.#catalog.all('SELECT target, parts, checksum, storage_class FROM receipts WHERE object = ? ORDER BY target', row['id'] as number).map((receipt) => Object.assign(toReceipt(receipt), { target: receipt['target'] as string }));
    return { id: row['id'] as number, ...toNewObject(row), run: row['run'] as string, source: row['source'] as string, receipts };
  }

  ofVolume(volume: number): VolumeObject[] {
    const rows = this.#catalog.all('SELECT o.name, r.target FROM objects o LEFT JOIN receipts r ON r.object = o.id WHERE o.volume = ? ORDER BY o.name, r.target', volume);
    const byName = new Map<string, string[]>();
    for (const row of rows) {
      const targets = byName.get(row['name'] as string) ?? [];
      byName.set(row['name'] as string, targets);
      if (row['target'] !== null) targets.push(row['target'] as string);
    }
    return [...byName].map(([name, targets]) => ({ name, targets }));
  }

  /** Where a chunk lies: in the newest stored volume that has it; null if none has. */
  placeOf(chunk: number): ChunkPlace | null {
    const sql = `SELECT p.volume, p.offset FROM places p JOIN volumes v ON v.id = p.volume WHERE p.chunk = ? AND v.state = 'stored' ORDER BY p.volume DESC LIMIT 1`;
    return (this.#catalog.get(sql, chunk) as unknown as ChunkPlace | undefined) ?? null;
  }

  chunksIn(volume: number): IdSet {
    const chunks = new IdSet();
    for (const row of this.#catalog.each('SELECT chunk FROM places WHERE volume = ?', volume)) chunks.add(row['chunk'] as number);
    return chunks;
  }

  /** Bytes of the chunks in a volume: of all, and of those that are in use. */
  shareInUse(volume: number, used: IdSet): { total: number; used: number } {
    const share = { total: 0, used: 0 };
    for (const row of this.#catalog.each('SELECT p.chunk, c.length FROM places p CROSS JOIN chunks c ON c.id = p.chunk WHERE p.volume = ?', volume)) {
      share.total += row['length'] as number;
      if (used.has(row['chunk'] as number)) share.used += row['length'] as number;
    }
    return share;
  }
}
