/** Opens the volumes of a target in their order, some of them before it is their turn, and fetches ahead what is wanted of them. */
import type { RestoreList } from '../../catalog/restore-list.ts';
import type { ObjectLayout, ObjectReader } from '../../volume/object-reader.ts';
import { extentsOf, FrameTable, type Extent } from './extents.ts';
import type { FetchAhead, ObjectFetches } from './fetch-ahead.ts';
import { parseLayout, type Store } from './load.ts';
import { fetchAheadOf, openReader, rangesOf } from './open-object.ts';
import type { Report } from './report.ts';

export interface WantedVolume {
  id: number;
  name: string;
  layout: ObjectLayout;
  frames: FrameTable;
  /** The stretches that are read of it, in this order. */
  extents(): Iterable<Extent>;
  /** Rejects with what the target or the object is to blame for; null if the target was gone already. */
  reader: Promise<ObjectReader> | null;
}

export class VolumesAhead {
  readonly #list: RestoreList;
  readonly #store: Store;
  readonly #fetches: FetchAhead;
  readonly #atOnce: number;

  constructor({ list, store, report, signal }: { list: RestoreList; store: Store; report: Report; signal: AbortSignal }) {
    const { parallel } = store.target.capabilities;
    this.#list = list;
    this.#store = store;
    this.#atOnce = parallel;
    this.#fetches = fetchAheadOf(store, report, signal);
  }

  /** Each is done with when the next one is asked for. */
  async *volumes(): AsyncGenerator<WantedVolume> {
    const opened: { volume: WantedVolume; fetches: ObjectFetches }[] = [];
    const rows = this.#list.volumes.of(this.#store.number);
    try {
      for (;;) {
        while (opened.length <= this.#atOnce) {
          const next = rows.next();
          if (next.done) break;
          opened.push(this.#open(next.value));
        }
        const first = opened.shift();
        if (!first) return;
        yield first.volume;
        first.fetches.end();
      }
    } finally {
      rows.return(undefined);
      await this.#fetches.close();
    }
  }

  #open({ id, name, layout: text }: { id: number; name: string; layout: string }): { volume: WantedVolume; fetches: ObjectFetches } {
    const layout = parseLayout(text);
    const frames = new FrameTable(layout);
    const extents = (): Iterable<Extent> => extentsOf(this.#list.chunks.ranges(id), frames);
    const fetches = this.#fetches.object(name);
    if (this.#store.isGone) {
      fetches.end();
      return { volume: { id, name, layout, frames, extents, reader: null }, fetches };
    }
    const reader = openReader(this.#store, layout, fetches.fetch);
    reader.then(
      (opened) => fetches.plan(rangesOf(opened, extents())),
      () => fetches.end(),
    );
    return { volume: { id, name, layout, frames, extents, reader }, fetches };
  }
}
