/** Which chunks snapshots have: found by one pass over the entries, with a bit a chunk. */
import { unpackIds } from './columns.ts';
import type { Catalog } from './catalog.ts';
import { IdSet } from './id-set.ts';
import type { Snapshot } from './snapshots.ts';
import type { Spans } from './spans.ts';

/** Of one snapshot: all of its chunks, and those of them that no other snapshot has. */
export function chunksOfSnapshot(catalog: Catalog, spans: Spans, snapshot: Snapshot): { all: IdSet; own: IdSet } {
  const all = new IdSet();
  const others = new IdSet();
  for (const { source, since, until, count, chunks } of uses(catalog, spans)) {
    const isIn = source === snapshot.source && since <= snapshot.number && (until === null || until > snapshot.number);
    for (const chunk of chunks) {
      if (isIn) all.add(chunk);
      if (!isIn || count > 1) others.add(chunk);
    }
  }
  const own = new IdSet();
  for (const chunk of all) if (!others.has(chunk)) own.add(chunk);
  return { all, own };
}

/** Those that any snapshot has. */
export function chunksInUse(catalog: Catalog, spans: Spans): IdSet {
  const used = new IdSet();
  for (const { chunks } of uses(catalog, spans)) for (const chunk of chunks) used.add(chunk);
  return used;
}

/** `count`: how many snapshots have it; at least one. */
function* uses(catalog: Catalog, spans: Spans): Generator<{ source: string; since: number; until: number | null; count: number; chunks: number[] }> {
  for (const row of catalog.each('SELECT d.source, e.since, e.until, e.chunks FROM entries e CROSS JOIN directories d ON d.id = e.directory WHERE e.chunks IS NOT NULL')) {
    const source = row['source'] as string;
    const since = row['since'] as number;
    const until = row['until'] as number | null;
    const span = spans.of(source, since, until);
    if (span) yield { source, since, until, count: span.count, chunks: unpackIds(row['chunks']) };
  }
}
