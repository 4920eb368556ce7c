/** A catalog in memory, and snapshots that are made of drafts. */
import { Catalog } from '../../src/catalog/catalog.ts';
import { CatalogDraft } from '../../src/catalog/draft.ts';
import { SnapshotEntries } from '../../src/catalog/snapshot-entries.ts';
import { Snapshots, type Snapshot } from '../../src/catalog/snapshots.ts';
import type { Entry } from '../../src/core/entry.ts';

const noContent = { sha256: Buffer.alloc(32), chunks: [] };

export const file = (path: string, size = 1): Entry => ({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: '1.000000000', size });
export const folder = (path: string): Entry => ({ ...file(path, 0), type: 'directory' });

export const put = (draft: CatalogDraft, ...entries: Entry[]): void => {
  for (const entry of entries) draft.put(entry, 'stamp', entry.type === 'file' ? noContent : null);
};

export class SnapshotSetting {
  readonly catalog = Catalog.openToRead('', false);
  readonly snapshots = new Snapshots(this.catalog);
  readonly entries = new SnapshotEntries(this.catalog);
  #sealed = 0;

  /** A snapshot that is done, of the one before and what `fill` changes. */
  seal(fill: (draft: CatalogDraft) => void, source = 'docs'): Snapshot {
    fill(new CatalogDraft(this.catalog, source));
    const id = `20260101-${String(++this.#sealed).padStart(6, '0')}-aaaa-${source}`;
    const snapshot = this.snapshots.seal(id, source, id.slice(0, 20), `2026-01-01T00:00:00.${String(this.#sealed).padStart(3, '0')}Z`);
    this.snapshots.finish(id);
    return snapshot;
  }

  paths(snapshot: Snapshot): string[] {
    return [...this.entries.inOrder(snapshot)].map(({ entry }) => entry.path).sort();
  }
}
