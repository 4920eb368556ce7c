/** The volumes that the chunks lie in, and which of them can be read. */
import type { ListDatabase } from './database.ts';
import type { ListedVolume, NewVolume, ThawState, UnreadableVolumes } from './listed.ts';

const pageSize = 1000;

export class ListedVolumes {
  readonly #database: ListDatabase;

  constructor(database: ListDatabase) {
    this.#database = database;
  }

  /** Notes a volume of a target, once under each name. Returns its id. */
  add(target: number, name: string, { layout, size, storageClass }: NewVolume): number {
    const sql = 'INSERT INTO volumes (target, name, layout, size, class) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id';
    return this.#database.get(sql, target, name, layout, size, storageClass ?? null)!['id'] as number;
  }

  /** A volume by its id, and the number of its target. */
  get(id: number): ListedVolume & { target: number } {
    const row = this.#database.get('SELECT target, name, layout, class FROM volumes WHERE id = ?', id)!;
    return { id, target: row['target'] as number, name: row['name'] as string, layout: row['layout'] as string, storageClass: row['class'] as string | null };
  }

  /** The volumes of a target that something is wanted of, in the order of their names. */
  *of(target: number): Generator<{ id: number; name: string; layout: string }> {
    const sql = 'SELECT id, name, layout FROM volumes v WHERE target = ? AND EXISTS (SELECT 1 FROM uses u WHERE u.volume = v.id) ORDER BY name';
    for (const row of this.#database.each(sql, target)) yield { id: row['id'] as number, name: row['name'] as string, layout: row['layout'] as string };
  }

  /** The volumes of a target that something is wanted of and that are in this state; it may be changed meanwhile. */
  *inState(target: number, thaw: ThawState | null): Generator<ListedVolume> {
    const sql = `SELECT id, name, layout, class FROM volumes v WHERE target = ? AND name > ? AND thaw IS ?
      AND EXISTS (SELECT 1 FROM uses u WHERE u.volume = v.id) ORDER BY name LIMIT ${pageSize}`;
    let last = '';
    for (;;) {
      const rows = this.#database.all(sql, target, last, thaw);
      for (const row of rows) yield { id: row['id'] as number, name: row['name'] as string, layout: row['layout'] as string, storageClass: row['class'] as string | null };
      if (rows.length < pageSize) return;
      last = rows.at(-1)!['name'] as string;
    }
  }

  /** True if a target is thawing volumes, wanted now or put off. */
  isThawing(target: number): boolean {
    return this.#database.get(`SELECT 1 FROM volumes WHERE target = ? AND thaw = 'thawing' LIMIT 1`, target) !== undefined;
  }

  setThaw(volume: number, thaw: ThawState, storageClass?: string): void {
    this.#database.run('UPDATE volumes SET thaw = ?, class = coalesce(?, class) WHERE id = ?', thaw, storageClass ?? null, volume);
  }

  /** Whatever its class is said to be, the target is to be asked about this volume. */
  suspectCold(volume: number): void {
    this.#database.run('UPDATE volumes SET thaw = NULL, class = NULL WHERE id = ?', volume);
  }

  /** What targets said about thaws is to be asked again. */
  forgetThaws(): void {
    this.#database.run('UPDATE volumes SET thaw = NULL');
  }

  /** The volumes of a target that something is wanted of and that cannot be read yet, counted by state and class. */
  unreadable(target: number): UnreadableVolumes[] {
    const sql = `SELECT thaw, class, count(*) AS objects, sum(size) AS bytes FROM volumes v WHERE target = ? AND thaw IN ('cold', 'thawing')
      AND EXISTS (SELECT 1 FROM uses u WHERE u.volume = v.id) GROUP BY thaw, class ORDER BY class`;
    return this.#database.all(sql, target).map((row) => ({
      thaw: row['thaw'] as 'cold' | 'thawing',
      storageClass: row['class'] as string,
      objects: row['objects'] as number,
      bytes: row['bytes'] as number,
    }));
  }
}
