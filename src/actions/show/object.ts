/** One object of the targets: a volume or file with what is in it, or a manifest. */
import { chunksInUse } from '../../catalog/chunk-use.ts';
import { Contents } from '../../catalog/contents.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { ObjectFinder } from '../../catalog/object-facts.ts';
import { Versions } from '../../catalog/versions.ts';
import { parseManifestName } from '../../volume/names.ts';
import type { ShowItem } from './items.ts';
import type { Looking } from './looking.ts';

/** False if there is no object of that name. */
export async function* showObject(looking: Looking, name: string): AsyncGenerator<ShowItem, boolean> {
  if (name.startsWith('manifests/')) return yield* showManifest(looking, name);
  const { catalog, spans, rest } = looking;
  const finder = new ObjectFinder(catalog);
  const object = finder.named(name);
  if (!object) return false;
  yield { type: 'object', object, ...finder.shareInUse(object.volume, chunksInUse(catalog, spans)) };
  const inside = finder.chunksIn(object.volume);
  const contents = new Contents(catalog);
  const versions = new Versions(catalog);
  for (const source of spans.sources) {
    for (const { entry, chunks, since, until } of versions.all(source, { types: ['file'] })) {
      await rest();
      const there = chunks.filter((chunk) => inside.has(chunk));
      const span = there.length > 0 ? spans.of(source, since, until) : null;
      if (!span) continue;
      const bytes = chunks.length === 1 ? entry.size : there.reduce((sum, chunk) => sum + (contents.chunk(chunk)?.length ?? 0), 0);
      yield { type: 'file', source, path: entry.path, size: entry.size, bytes, span };
    }
  }
  return true;
}

function* showManifest({ catalog, snapshots }: Looking, name: string): Generator<ShowItem, boolean> {
  const id = parseManifestName(name)?.snapshot;
  const snapshot = snapshots.find((one) => one.id === id);
  const records = snapshot ? new Manifests(catalog).of(snapshot.id).filter((record) => record.name === name) : [];
  const record = records[0];
  if (!snapshot || !record) return false;
  const { base, entries, recipients, size } = record;
  yield { type: 'manifest', snapshot, name, base, entries, recipients, size, targets: records.map(({ target }) => target) };
  return true;
}
