/**
 * What a restore is going to do: the entries of its snapshots, which of them are wanted, and which bytes of which volumes
 * they want. A private SQLite database that is gone when it is closed, so that a million entries take little memory.
 *
 * It is filled with a snapshot's lines, the base's first (`entries.put`, `entries.remove`), then `settle`d; the caller decides
 * about each wanted entry (`setState`); `chunks.want` then lists the chunks of all that is still wanted, by volume and offset.
 * Snapshots, layers and targets are numbers that the caller gives.
 */
import { ListedChunks } from './restore-list/chunks.ts';
import { ListDatabase } from './restore-list/database.ts';
import { ListedEntries } from './restore-list/entries.ts';
import { OrderedChunks } from './restore-list/ordered.ts';
import { ListedVolumes } from './restore-list/volumes.ts';

export type { ListedChunk, ListedEntry, ListedRange, ListedUse, OrderedChunk } from './restore-list/listed.ts';

export class RestoreList {
  readonly #database = new ListDatabase();
  readonly entries = new ListedEntries(this.#database);
  readonly volumes = new ListedVolumes(this.#database);
  readonly chunks = new ListedChunks(this.#database);
  readonly ordered = new OrderedChunks(this.#database);

  close(): void {
    this.#database.close();
  }
}
