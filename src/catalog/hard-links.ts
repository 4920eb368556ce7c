/** Hard links with the chunks of their first names: the content of a file is lost under each of its names. */
import type { Catalog, Row } from './catalog.ts';
import { asBuffer, fromName, joinPath, splitPath, toName } from './columns.ts';

/** A name of a file, as it was in the snapshots of its source from number `since` up to, not including, `until`. */
export interface LinkedFile {
  source: string;
  path: string;
  size: number;
  since: number;
  until: number | null;
  /** Ids, packed. */
  chunks: Buffer;
}

/** Goes once through all hard links. `sources`: only of these; empty for all. */
export function* hardLinks(catalog: Catalog, sources: readonly string[]): Generator<LinkedFile> {
  const rows = catalog.each(
    `SELECT d.source, d.path, e.name, e.size, e.link, e.since, e.until FROM entries e JOIN directories d ON d.id = e.directory
     WHERE e.type = 'hardlink' AND e.link IS NOT NULL AND (? = 0 OR d.source IN (SELECT value FROM json_each(?)))`,
    sources.length, JSON.stringify(sources),
  );
  for (const row of rows) {
    const source = row['source'] as string;
    const path = joinPath(fromName(row['path']), fromName(row['name']));
    for (const first of versionsOf(catalog, source, fromName(row['link']))) {
      const since = Math.max(row['since'] as number, first['since'] as number);
      const until = earlier(row['until'] as number | null, first['until'] as number | null);
      if (until === null || since < until) yield { source, path, size: row['size'] as number, since, until, chunks: asBuffer(first['chunks']) };
    }
  }
}

function versionsOf(catalog: Catalog, source: string, path: string): Row[] {
  const [directory, name] = splitPath(path);
  const half = (until: string): string =>
    `SELECT e.since, e.until, e.chunks FROM directories d CROSS JOIN entries e ON e.directory = d.id
     WHERE d.source = ? AND d.path = ? AND e.name = ? AND e.type = 'file' AND e.chunks IS NOT NULL AND e.until ${until}`;
  const at = [source, toName(directory), toName(name)];
  return catalog.all(`${half('IS NULL')} UNION ALL ${half('IS NOT NULL')}`, ...at, ...at);
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : Math.min(one, other);
}
