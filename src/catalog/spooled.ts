/** Objects that lie whole in a spool folder until a target has them, and the uploads that were begun for them. */
import { packFrames } from './columns.ts';
import type { Catalog, Row } from './catalog.ts';
import { toNewObject, type NewObject } from './object-rows.ts';

/** `lane`: the id of the upload step. `path`: the file that holds it. */
export type SpooledObject = NewObject & { lane: string; path: string };

export interface BegunUpload {
  target: string;
  upload: string;
  partSize: number;
}

export class Spooled {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Survives a kill at once, together with what is known of its chunks. */
  add({ lane, name, volume, path, size, sha256, decoded, codec, level, frames, recipients }: SpooledObject): void {
    this.#catalog.run(
      'INSERT OR REPLACE INTO spooled (lane, name, volume, path, size, sha256, decoded, codec, level, frames, recipients) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      lane, name, volume, path, size, sha256, decoded, codec, level, packFrames(frames), recipients && JSON.stringify(recipients),
    );
    this.#catalog.flush();
  }

  /** Survives a kill at once: parts are sent only then. */
  noteUpload(lane: string, name: string, { target, upload, partSize }: BegunUpload): void {
    this.#catalog.run('INSERT OR REPLACE INTO uploads (lane, name, target, upload, part_size) VALUES (?, ?, ?, ?, ?)', lane, name, target, upload, partSize);
    this.#catalog.flush();
  }

  all(): SpooledObject[] {
    return this.#catalog.all('SELECT * FROM spooled ORDER BY volume, lane').map(toSpooled);
  }

  uploadsOf(lane: string, name: string): BegunUpload[] {
    return this.#catalog
      .all('SELECT target, upload, part_size FROM uploads WHERE lane = ? AND name = ?', lane, name)
      .map((row) => ({ target: row['target'] as string, upload: row['upload'] as string, partSize: row['part_size'] as number }));
  }

  /** Ids of the uploads to a target that are still to be taken up. */
  uploadsTo(target: string): Set<string> {
    return new Set(this.#catalog.all('SELECT upload FROM uploads WHERE target = ?', target).map((row) => row['upload'] as string));
  }

  remove(lane: string, name: string): void {
    this.#catalog.run('DELETE FROM uploads WHERE lane = ? AND name = ?', lane, name);
    this.#catalog.run('DELETE FROM spooled WHERE lane = ? AND name = ?', lane, name);
    this.#catalog.flush();
  }
}

function toSpooled(row: Row): SpooledObject {
  return { ...toNewObject(row), lane: row['lane'] as string, path: row['path'] as string };
}
