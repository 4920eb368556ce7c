/** Versions of files over all snapshots: `bat find`. From the catalog, without a key. */
import { Contents } from '../catalog/contents.ts';
import { Snapshots } from '../catalog/snapshots.ts';
import { Spans, type Span } from '../catalog/spans.ts';
import { Versions, type EntryVersion, type VersionFilter } from '../catalog/versions.ts';
import type { Entry } from '../core/entry.ts';
import type { Plan } from '../plan/plan.ts';
import { namesPath } from './find/names-path.ts';
import { chooseKnown, openKnownCatalog } from './known-snapshots.ts';

export interface FindOptions {
  plan: Plan;
  /** Names, paths and globs; one of them is enough. Everything, if it is empty. */
  patterns: readonly string[];
  /** As in store/choose.ts: versions that this snapshot has. Those of all snapshots without it. */
  snapshot?: string | undefined;
  /** Only these sources; all if it is empty. */
  sources: readonly string[];
  filter: Omit<VersionFilter, 'numbers'>;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

export interface FoundVersion {
  source: string;
  entry: Entry;
  /** Of a file, a hard link among them. */
  sha256: Buffer | null;
  /** The hash that was asked for is that of a chunk in it, not of the whole file. */
  isPart: boolean;
  span: Span;
}

/** Versions between two looks at the signal. */
const betweenTurns = 1000;

/** By source and folder, the oldest version of a path first. Throws NOTHING_STORED, SNAPSHOT_NOT_FOUND, CATALOG_DAMAGED. */
export async function* findVersions({ plan, patterns, snapshot, sources, filter, environment, signal }: FindOptions): AsyncGenerator<FoundVersion> {
  const catalog = openKnownCatalog(plan, environment);
  try {
    const all = new Snapshots(catalog).list();
    const spans = new Spans(all);
    // Chosen also where no snapshot is named, so that an unknown source is an error.
    const chosen = chooseKnown(all, { snapshot: snapshot ?? 'latest', sources });
    const versions = new Versions(catalog);
    const contents = new Contents(catalog);
    let count = 0;
    for (const { source, number } of chosen) {
      const matches = namesPath(source, patterns);
      const numbers = snapshot === undefined ? {} : { numbers: { from: number, to: number } };
      const wanted = { ...filter, ...numbers };
      for (const version of patterns.length === 0 ? versions.all(source, wanted) : versions.matching(source, wanted, matches)) {
        if (++count % betweenTurns === 0) {
          await new Promise(setImmediate);
          signal.throwIfAborted();
        }
        if (!version) continue;
        const span = spans.of(source, version.since, version.until);
        const found = span && withContent(contents, source, version, span, filter.sha256);
        if (found) yield found;
      }
    }
  } finally {
    catalog.close();
  }
}

/** Null if it is not what has the hash that was asked for. */
function withContent(contents: Contents, source: string, version: EntryVersion, span: Span, wanted: Buffer | undefined): FoundVersion | null {
  const holder = contents.holderOf(source, version, span.last.number);
  const sha256 = holder && contents.hashOf(holder);
  const found = { source, entry: version.entry, sha256, isPart: false, span };
  if (!wanted || sha256?.equals(wanted)) return found;
  const chunk = contents.chunkWithHash(wanted);
  return chunk !== null && holder?.chunks.includes(chunk) ? { ...found, isPart: true } : null;
}
