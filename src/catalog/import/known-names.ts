/** By what names this catalog has stored. */
import type { Catalog } from '../catalog.ts';

/** True if some run stored files as objects of their own. */
export function knowsSingleFiles(catalog: Catalog): boolean {
  return catalog.get(`SELECT 1 FROM volumes WHERE maker = 'files' LIMIT 1`) !== undefined;
}

/** Every source that there is a snapshot of. */
export function sourcesOf(catalog: Catalog): string[] {
  return catalog.all('SELECT DISTINCT source FROM snapshots').map((row) => row['source'] as string);
}

/** The highest id of an object; 0 if there is none. */
export function lastObject(catalog: Catalog): number {
  return (catalog.get('SELECT max(id) AS last FROM objects')!['last'] as number | null) ?? 0;
}
