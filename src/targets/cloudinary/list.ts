/** Listings: assets as objects. Parts are none; an object in parts is there when the list of its parts is. */
import type { ObjectStat } from '../target.ts';
import type { ListedAsset } from './api.ts';
import { partsSuffix, stemOfPart } from './names.ts';
import { statObject } from './objects.ts';
import type { CloudinaryStore } from './store.ts';

const AT_A_TIME = 8;

export class ObjectLister {
  readonly #store: CloudinaryStore;
  /** What was asked of objects in parts, by list and version: a listing that broke off and is begun anew need not ask again. */
  readonly #asked = new Map<string, ObjectStat>();

  constructor(store: CloudinaryStore) {
    this.#store = store;
  }

  /** Objects whose names begin with the prefix, each once. What lies in parts is asked for its size: a listing does not tell which parts belong to it. */
  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectStat> {
    const given = new Set<string>();
    for await (const batch of this.#batches(prefix, signal)) {
      for (const stat of batch) {
        if (given.has(stat.name) || !stat.name.startsWith(prefix)) continue;
        given.add(stat.name);
        yield stat;
      }
    }
    this.#asked.clear();
  }

  async *#batches(prefix: string, signal: AbortSignal | undefined): AsyncGenerator<ObjectStat[]> {
    let waiting: ListedAsset[] = [];
    for await (const asset of this.#store.api.list(this.#store.publicId(prefix), signal)) {
      signal?.throwIfAborted();
      const name = this.#nameOf(asset);
      if (name.endsWith(partsSuffix)) {
        if (this.#store.takes(name.slice(0, -partsSuffix.length))) waiting.push(asset);
      } else if (stemOfPart(name) === null && this.#store.takes(name)) {
        yield [{ name, size: asset.size }];
      }
      if (waiting.length < AT_A_TIME) continue;
      yield await this.#ask(waiting, signal);
      waiting = [];
    }
    yield await this.#ask(waiting, signal);
  }

  /** All that were answered are kept, also if one of them fails. */
  async #ask(lists: readonly ListedAsset[], signal: AbortSignal | undefined): Promise<ObjectStat[]> {
    const answers = await Promise.allSettled(lists.map((list) => this.#askOnce(list, signal)));
    return answers.flatMap((answer) => {
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value ?? [];
    });
  }

  async #askOnce(list: ListedAsset, signal: AbortSignal | undefined): Promise<ObjectStat | null> {
    const key = `${list.publicId} ${list.version}`;
    const known = this.#asked.get(key);
    if (known) return known;
    const stat = await statObject(this.#store, this.#nameOf(list).slice(0, -partsSuffix.length), signal);
    if (stat) this.#asked.set(key, stat);
    return stat;
  }

  #nameOf({ publicId }: ListedAsset): string {
    return publicId.slice(this.#store.base.length + 1);
  }
}
