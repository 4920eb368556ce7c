/** The last drill of each target. */
import type { Catalog } from './catalog.ts';

export interface LastDrill {
  /** ISO 8601, UTC. */
  time: string;
  isOk: boolean;
  /** How many were tried, and how many did not come back. */
  files: number;
  failures: number;
  /** The file of its report, if there is one. */
  report: string | null;
}

export class Drills {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  last(target: string): LastDrill | null {
    const text = this.#catalog.getMeta(`drill:${target}`);
    return text === null ? null : (JSON.parse(text) as LastDrill);
  }

  note(target: string, drill: LastDrill): void {
    this.#catalog.setMeta(`drill:${target}`, JSON.stringify(drill));
  }
}
