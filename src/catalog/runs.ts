/** The runs of a plan. A run is known before it sends anything, so that what a killed one left can be told as ours. */
import type { Catalog } from './catalog.ts';

export class Runs {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  begin(id: string, started: Date): void {
    this.#catalog.run('INSERT INTO runs (id, started) VALUES (?, ?)', id, started.toISOString());
    this.#catalog.flush();
  }

  end(id: string, ended: Date, exitCode: number): void {
    this.#catalog.run('UPDATE runs SET ended = ?, exit_code = ? WHERE id = ?', ended.toISOString(), exitCode, id);
    this.#catalog.flush();
  }

  isKnown(id: string): boolean {
    return this.#catalog.get('SELECT 1 FROM runs WHERE id = ?', id) !== undefined;
  }

  /** True if the last run did not come to its end. */
  lastWasKilled(): boolean {
    const last = this.#catalog.get('SELECT ended FROM runs ORDER BY started DESC LIMIT 1');
    return last !== undefined && last['ended'] === null;
  }
}
