/** A small backup that has been run several times, each run a minute later: names on targets tell the time to a second. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { Snapshots } from '../../src/catalog/snapshots.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

export interface Looking {
  backup: SmallBackup;
  /** Runs it once more; returns the id of the run. */
  later(): Promise<string>;
  move(from: string, to: string): void;
  gone(path: string): void;
  /** Changes the catalog itself. */
  inCatalog(work: (catalog: Catalog) => void): void;
}

export async function lookingAt(encrypt?: string): Promise<Looking> {
  const backup = await smallBackup(encrypt);
  const at = (path: string): string => join(backup.folder, path);
  const inCatalog: Looking['inCatalog'] = (work) => {
    const catalog = Catalog.open(at('state/catalog.db'));
    work(catalog);
    catalog.flush();
    catalog.close();
  };
  let minutes = 0;
  return {
    backup,
    later: async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ++minutes * 60_000 });
      try {
        await backup.run();
      } finally {
        vi.useRealTimers();
      }
      let run = '';
      inCatalog((catalog) => (run = new Snapshots(catalog).list().at(-1)!.run));
      return run;
    },
    move: (from, to) => renameSync(at(from), at(to)),
    gone: (path) => rmSync(at(path), { recursive: true }),
    inCatalog,
  };
}

/** As a run of the plan forgets a snapshot: only its row goes. */
export function forget(catalog: Catalog, run: string): void {
  catalog.run('DELETE FROM snapshots WHERE run = ?', run);
}
