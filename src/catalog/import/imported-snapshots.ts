/**
 * The snapshots of a source that come from manifests. They stand before those that the catalog has of it already: the next run
 * is compared with the one that this machine made last.
 */
import type { Catalog } from '../catalog.ts';
import type { SnapshotOrigin } from '../snapshots.ts';

export interface NewSnapshot {
  id: string;
  run: string;
  time: string;
  files: number;
  bytes: number;
  tags: readonly string[];
  protected: boolean;
  origin: SnapshotOrigin;
}

export class ImportedSnapshots {
  /** What its entries are kept under until `finish`: no source is called so. */
  readonly label: string;
  readonly #catalog: Catalog;
  readonly #source: string;
  readonly #kept: { number: number; snapshot: NewSnapshot }[] = [];
  #last = 0;

  constructor(catalog: Catalog, source: string) {
    this.#catalog = catalog;
    this.#source = source;
    const isThere = catalog.get('SELECT 1 FROM directories WHERE source = ? LIMIT 1', source) !== undefined;
    const hasSnapshots = catalog.get('SELECT 1 FROM snapshots WHERE source = ? LIMIT 1', source) !== undefined;
    this.label = isThere || hasSnapshots ? `import/${source}` : source;
  }

  next(): number {
    return ++this.#last;
  }

  /** The snapshot of a number that `next` gave; one that is not added is there only for those that are laid over it. */
  add(number: number, snapshot: NewSnapshot): void {
    this.#kept.push({ number, snapshot });
  }

  finish(): void {
    if (this.label !== this.#source) this.#putBefore();
    for (const { number, snapshot } of this.#kept) {
      this.#catalog.run(
        `INSERT INTO snapshots (id, source, number, run, time, state, files, bytes, tags, protected, origin) VALUES (?, ?, ?, ?, ?, 'done', ?, ?, ?, ?, ?)`,
        snapshot.id, this.#source, number, snapshot.run, snapshot.time, snapshot.files, snapshot.bytes, JSON.stringify(snapshot.tags), snapshot.protected ? 1 : 0, JSON.stringify(snapshot.origin),
      );
    }
  }

  #putBefore(): void {
    const mine = 'directory IN (SELECT id FROM directories WHERE source = ?)';
    const first = this.#catalog.get('SELECT min(number) AS first FROM snapshots WHERE source = ?', this.#source)!['first'] as number | null;
    if (first !== null) {
      this.#catalog.run(`UPDATE entries SET since = since + ?, until = until + ? WHERE ${mine}`, this.#last, this.#last, this.#source);
      // Each number is another's for a moment.
      this.#catalog.run('UPDATE snapshots SET number = -(number + ?) WHERE source = ?', this.#last, this.#source);
      this.#catalog.run('UPDATE snapshots SET number = -number WHERE source = ?', this.#source);
      this.#catalog.run(`UPDATE entries SET until = ? WHERE until IS NULL AND ${mine}`, first + this.#last, this.label);
    }
    this.#catalog.run('INSERT OR IGNORE INTO directories (source, path) SELECT ?, path FROM directories WHERE source = ?', this.#source, this.label);
    this.#catalog.run(
      `UPDATE entries SET directory = (SELECT r.id FROM directories l JOIN directories r ON r.path = l.path WHERE l.id = entries.directory AND r.source = ?) WHERE ${mine}`,
      this.#source,
      this.label,
    );
    this.#catalog.run('DELETE FROM directories WHERE source = ?', this.label);
  }
}
