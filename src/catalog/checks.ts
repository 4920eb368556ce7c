/** When the objects of a target were last looked at, and how. Written while another bat may hold the catalog. */
import { BatError } from '../core/errors.ts';
import type { Catalog } from './catalog.ts';

/** `listed`: there in its size. `checksum`: its stored bytes were read. `decoded`: what is in it was, too. */
export type CheckHow = 'listed' | 'checksum' | 'decoded';

/** What the last verify of a target came to. */
export interface LastVerify {
  /** When it ended; ISO 8601, UTC. */
  time: string;
  how: CheckHow;
  /** How many objects, manifests and other files were found to be wrong. */
  damaged: number;
}

/** Milliseconds: a run writes for longer at a time, and is not to be waited for. */
const patience = 50;
const SQLITE_BUSY = 5;

export class Checks {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** From now on what cannot be written at once is given up: for a catalog that is shared with a run. */
  hurry(): void {
    this.#catalog.get(`PRAGMA busy_timeout = ${patience}`);
  }

  /** False if another bat is writing: to be noted later. What was pruned meanwhile is passed over. */
  note(target: string, objects: Iterable<number>, how: CheckHow, time: string): boolean {
    return this.#unlessBusy(() => {
      for (const object of objects) {
        this.#catalog.run(
          'INSERT OR REPLACE INTO checks (object, target, how, time) SELECT object, target, ?, ? FROM receipts WHERE object = ? AND target = ?',
          how, time, object, target,
        );
      }
    });
  }

  /** What was known of an object that turned out to be damaged does not hold any more. */
  forget(target: string, object: number): boolean {
    return this.#unlessBusy(() => void this.#catalog.run('DELETE FROM checks WHERE object = ? AND target = ?', object, target));
  }

  /**
   * When a reading of a whole target began that was not brought to its end, if it was to be read like that; else `now`, from which on it is under way.
   * `what`: which objects, and how.
   */
  begin(target: string, what: string, now: string): string {
    const [known, since] = (this.#catalog.getMeta(`verifying:${target}`) ?? '').split(' from ');
    if (known === what && since !== undefined) return since;
    this.#unlessBusy(() => this.#catalog.setMeta(`verifying:${target}`, `${what} from ${now}`));
    return now;
  }

  end(target: string, last: LastVerify, isWhole: boolean): boolean {
    return this.#unlessBusy(() => {
      this.#catalog.setMeta(`verified:${target}`, JSON.stringify(last));
      if (isWhole) this.#catalog.setMeta(`verifying:${target}`, '');
    });
  }

  last(target: string): LastVerify | null {
    const known = this.#catalog.getMeta(`verified:${target}`);
    return known === null ? null : (JSON.parse(known) as LastVerify);
  }

  /** Since when every object of a target has been read at least once; null if some never was, or there is none. */
  readSince(target: string): string | null {
    const row = this.#catalog.get(
      `SELECT min(last) AS since, count(*) AS objects, count(last) AS read FROM (SELECT max(c.time) AS last FROM receipts r JOIN objects o ON o.id = r.object JOIN volumes v ON v.id = o.volume AND v.state <> 'going'
       LEFT JOIN checks c ON c.object = r.object AND c.target = r.target AND c.how <> 'listed' WHERE r.target = ? GROUP BY r.object)`,
      target,
    )!;
    return row['objects'] === row['read'] ? (row['since'] as string | null) : null;
  }

  #unlessBusy(write: () => void): boolean {
    try {
      write();
      this.#catalog.flush();
      return true;
    } catch (error) {
      const { errcode } = (error instanceof BatError ? error.cause : null) as { errcode?: number } ?? {};
      if (((errcode ?? 0) & 0xff) !== SQLITE_BUSY) throw error;
      return false;
    }
  }
}
