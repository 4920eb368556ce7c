/** The upload of an object that is whole already: its process was killed between the list of the parts and the note of it. */
import { BatError } from '../../core/errors.ts';
import type { OpenOptions, Receipt, Upload } from '../target.ts';
import { md5Of } from './api.ts';
import type { Notes } from './notes.ts';
import type { PartsList } from './parts-list.ts';
import type { CloudinaryStore } from './store.ts';

interface Finished {
  name: string;
  id: string;
  list: PartsList;
  options: OpenOptions;
}

/** Nothing is to be sent; what is given is held against what lies there. */
export class FinishedUpload implements Upload {
  readonly id: string;
  readonly #store: CloudinaryStore;
  readonly #notes: Notes;
  readonly #finished: Finished;
  /** Something was given that is not what lies there. */
  #differs = false;

  constructor(store: CloudinaryStore, notes: Notes, finished: Finished) {
    this.id = finished.id;
    this.#store = store;
    this.#notes = notes;
    this.#finished = finished;
  }

  /** Nothing of an object that is whole is written over. */
  async write(index: number, bytes: Uint8Array): Promise<void> {
    const { list, options } = this.#finished;
    options.signal?.throwIfAborted();
    const first = index * options.partSize;
    let [start, compared] = [0, 0];
    for (const { size, md5 } of list.parts) {
      const from = start - first;
      start += size;
      if (from < 0 || from + size > bytes.length) continue;
      if (md5Of(bytes.subarray(from, from + size)) !== md5) this.#differs = true;
      compared += size;
    }
    if (compared < bytes.length) this.#differs = true;
  }

  /** What may be left to do: an asset of the plain name would be taken for the object. */
  async finish(size: number): Promise<Receipt> {
    const { name, list, options } = this.#finished;
    if (this.#differs || size !== list.size) {
      throw new BatError('TARGET_FAILED', `Target "${this.#store.id}" has another ${name} than the one that is to be stored.`, {
        hint: `Remove ${name} and its parts in the console of Cloudinary, and run again.`,
        subject: name,
      });
    }
    return this.#store.guard('store', name, options.signal, async () => {
      await this.#store.destroyPlain(name, options.signal);
      await this.#notes.remove(list.stem, options.signal);
      return { name, size, parts: list.parts.length };
    });
  }

  /** It is an object, and stays. */
  async abort(): Promise<void> {}
}
