/** Opens the objects of a store, and fetches of them through one that fetches ahead. */
import { ObjectReader, type Fetch, type ObjectLayout, type StoredRange } from '../../volume/object-reader.ts';
import { FetchAhead } from './fetch-ahead.ts';
import type { Store } from './load.ts';
import type { Report } from './report.ts';

/** As many calls at a time as the target takes; what comes is counted. */
export function fetchAheadOf({ target }: Store, report: Report, signal: AbortSignal): FetchAhead {
  return new FetchAhead({
    parallel: target.capabilities.parallel,
    signal,
    read: async (name, offset, length, stopped) => {
      const bytes = await target.read(name, offset, length, stopped);
      report.fetched(bytes.length);
      return bytes;
    },
  });
}

/** Rejects with what the target or the object is to blame for. */
export async function openReader(store: Store, layout: ObjectLayout, fetch: Fetch): Promise<ObjectReader> {
  const { openKeyRing } = await import('../../volume/age.ts');
  const keys = layout.sealed ? await store.keys() : openKeyRing([]);
  return ObjectReader.open(layout, fetch, keys, { ownsFetched: true });
}

/** What reading these stretches fetches. */
export function* rangesOf(reader: ObjectReader, extents: Iterable<{ start: number; end: number }>): Generator<StoredRange> {
  for (const { start, end } of extents) yield* reader.fetches(start, end - start);
}
