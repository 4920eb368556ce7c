/** A catalog in memory, with volumes that targets hold. */
import { Catalog } from '../../src/catalog/catalog.ts';
import type { NewObject } from '../../src/catalog/object-rows.ts';
import { Objects } from '../../src/catalog/objects.ts';
import { Receipts } from '../../src/catalog/receipts.ts';
import { Volumes } from '../../src/catalog/volumes.ts';

export const run = '20260101-000000-aaaa';

export const sha = (letter: string): Buffer => Buffer.alloc(32, letter);

export class VolumeSetting {
  readonly catalog = Catalog.openToRead('', false);
  readonly volumes = new Volumes(this.catalog);
  readonly receipts = new Receipts(this.catalog);

  /** A stored volume with one chunk, its object held by these targets. Returns the ids of the volume and the object. */
  stored(letter: string, targets: readonly string[], more: Partial<NewObject> = {}): { volume: number; object: number } {
    const volume = this.volumes.create('tar', run, 'docs');
    this.volumes.addPlace(sha(letter), { volume, offset: 512, length: 10 });
    const object = this.add(volume, `volumes/${letter}.tar`, targets, more);
    this.volumes.markStored(volume, 1024);
    return { volume, object };
  }

  /** An object of a volume, held by these targets. Returns its id. */
  add(volume: number, name: string, targets: readonly string[], more: Partial<NewObject> = {}): number {
    const object = new Objects(this.catalog).add({ volume, name, size: 100, sha256: sha('o'), decoded: 1024, codec: 'none', level: 0, frames: [], recipients: null, ...more });
    for (const target of targets) this.receipts.add(object, target, { parts: 1 });
    return object;
  }
}
