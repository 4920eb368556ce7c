/** The runs of a plan. A run is known before it sends anything, so that what a killed one left can be told as ours. */
import type { Catalog, Row } from './catalog.ts';

export interface RunRecord {
  id: string;
  /** ISO 8601, UTC. */
  started: string;
  /** Both null while it runs, and for one that was killed. */
  ended: string | null;
  exitCode: number | null;
}

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

  /** The one that began last, or null. */
  last(): RunRecord | null {
    const row = this.#catalog.get(`${columns} ORDER BY started DESC LIMIT 1`);
    return row ? toRun(row) : null;
  }

  /** Those that began from then on, the oldest first. */
  since(time: Date): RunRecord[] {
    return this.#catalog.all(`${columns} WHERE started >= ? ORDER BY started`, time.toISOString()).map(toRun);
  }
}

const columns = 'SELECT id, started, ended, exit_code FROM runs';

function toRun(row: Row): RunRecord {
  return { id: row['id'] as string, started: row['started'] as string, ended: row['ended'] as string | null, exitCode: row['exit_code'] as number | null };
}
