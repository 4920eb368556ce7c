/** The versions of a file, and where each of them lies. */
import type { Catalog } from '../../catalog/catalog.ts';
import { Contents } from '../../catalog/contents.ts';
import { ObjectFinder, type VolumeObject } from '../../catalog/object-facts.ts';
import { Versions, type EntryVersion } from '../../catalog/versions.ts';
import { pathIn } from '../path-in-source.ts';
import type { ShowItem, ShownPiece } from './items.ts';
import type { Looking } from './looking.ts';
import { showSnapshot } from './snapshot.ts';

/** False if no source, of those that are wanted, has anything of that path. A folder is shown as the latest snapshot that has it. */
export async function* showPath(looking: Looking, word: string, sources: readonly string[]): AsyncGenerator<ShowItem, boolean> {
  const { catalog, spans } = looking;
  const versions = new Versions(catalog);
  let isFound = false;
  for (const source of spans.sources) {
    if (sources.length > 0 && !sources.includes(source)) continue;
    const path = pathIn(word, source);
    const latest = spans.snapshotsOf(source).at(-1)!;
    if (path === '') {
      isFound = true;
      yield* showSnapshot(looking, latest);
      continue;
    }
    const found = versions.of(source, path).flatMap((version) => {
      const span = spans.of(source, version.since, version.until);
      return span ? [{ version, span }] : [];
    });
    const folder = found.findLast(({ version }) => version.entry.type === 'directory');
    if (folder) yield* showSnapshot(looking, folder.span.last, path);
    for (const { version, span } of found) {
      isFound = true;
      if (version.entry.type === 'directory') continue;
      const holder = new Contents(catalog).holderOf(source, version, span.last.number);
      yield { type: 'version', source, entry: version.entry, span, sha256: holder && new Contents(catalog).hashOf(holder), pieces: holder ? piecesOf(catalog, holder) : [] };
    }
  }
  return isFound;
}

/** Chunks of the same volume are one piece. */
function piecesOf(catalog: Catalog, { chunks }: Pick<EntryVersion, 'chunks'>): ShownPiece[] {
  const contents = new Contents(catalog);
  const finder = new ObjectFinder(catalog);
  const objects = new Map<number, VolumeObject[]>();
  const pieces: ShownPiece[] = [];
  let before: number | null | undefined;
  let position = 0;
  for (const id of chunks) {
    const chunk = contents.chunk(id);
    if (!chunk) continue;
    const place = finder.placeOf(id);
    const volume = place?.volume ?? null;
    if (volume !== null && !objects.has(volume)) objects.set(volume, finder.ofVolume(volume));
    if (before === undefined || before !== volume) pieces.push({ position, length: 0, offset: place?.offset ?? null, objects: volume === null ? [] : objects.get(volume)!, chunks: [] });
    before = volume;
    const piece = pieces.at(-1)!;
    piece.length += chunk.length;
    piece.chunks.push({ ...chunk, offset: place?.offset ?? null });
    position += chunk.length;
  }
  return pieces;
}
