/** Versions of a path that differ in nothing: one that a run read again, and found as it was, counts as the one before. */
import type { CatalogEntry } from './entry-rows.ts';

type Version = CatalogEntry & { since: number; until: number | null };

/** The same in the same order, a path's oldest version first; null stays for what was passed over. */
export function joinVersions<V extends Version>(versions: Iterable<V>): Generator<V>;
export function joinVersions<V extends Version>(versions: Iterable<V | null>): Generator<V | null>;
export function* joinVersions(versions: Iterable<Version | null>): Generator<Version | null> {
  let held = null as Version | null;
  for (const version of versions) {
    if (version === null) {
      yield version;
    } else if (held && held.until === version.since && isSame(held, version)) {
      held = upTo(held, version.until);
    } else {
      if (held) yield held;
      held = version;
    }
  }
  if (held) yield held;
}

function upTo<V extends Version>(version: V, until: number | null): V {
  return { ...version, until };
}

function isSame(one: CatalogEntry, other: CatalogEntry): boolean {
  const { entry, chunks, sha256 } = one;
  return (
    JSON.stringify(entry) === JSON.stringify(other.entry) &&
    chunks.length === other.chunks.length &&
    chunks.every((chunk, index) => chunk === other.chunks[index]) &&
    (sha256 === null ? other.sha256 === null : other.sha256 !== null && sha256.equals(other.sha256))
  );
}
