/** Names of objects: which are taken, on their way, or somebody else's. Targets may not tell upper case from lower. */
import type { Catalog } from './catalog.ts';

export class ObjectNames {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** True if an object's name, whatever its case, is taken, or lies above or below one that is. */
  nameIsTaken(name: string): boolean {
    const folded = name.toLowerCase();
    const parts = folded.split('/');
    const at = `SELECT 1 FROM objects WHERE folded = ?1 UNION ALL SELECT 1 FROM sending WHERE folded = ?1
      UNION ALL SELECT 1 FROM foreign_names WHERE folded = ?1 LIMIT 1`;
    for (let length = 1; length <= parts.length; length++) {
      if (this.#catalog.get(at, parts.slice(0, length).join('/'))) return true;
    }
    // '0' is the character after '/': everything below the name, as a folder.
    const below = `SELECT 1 FROM objects WHERE folded >= ?1 AND folded < ?2
      UNION ALL SELECT 1 FROM sending WHERE folded >= ?1 AND folded < ?2
      UNION ALL SELECT 1 FROM foreign_names WHERE folded >= ?1 AND folded < ?2 LIMIT 1`;
    return this.#catalog.get(below, `${folded}/`, `${folded}0`) !== undefined;
  }

  /** Takes names for objects that are about to be sent. Survives a kill, so that what is left of them can be told as ours. */
  reserveNames(names: readonly string[], run: string): void {
    for (const name of names) this.#catalog.run('INSERT OR REPLACE INTO sending (folded, run) VALUES (?, ?)', name.toLowerCase(), run);
    this.#catalog.flush();
  }

  /** True for a name that a run took and no object came to have. */
  isLeftover(name: string): boolean {
    return this.#catalog.get('SELECT 1 FROM sending WHERE folded = ?', name.toLowerCase()) !== undefined;
  }

  /** What killed runs left has been removed everywhere. */
  forgetLeftovers(run: string): void {
    this.#catalog.run('DELETE FROM sending WHERE run <> ?', run);
  }

  /** A name that something on a target has which is not ours: never to be written over. */
  avoidName(name: string): void {
    this.#catalog.scratch('INSERT OR IGNORE INTO foreign_names (folded) VALUES (?)', name.toLowerCase());
  }
}
