/** Which manifests a copy is about: those of the snapshots that were asked for, and what these are laid over. */
import type { Manifests, ManifestRecord } from '../../catalog/manifests.ts';
import type { Snapshots } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { parseManifestName, runOfSnapshot, sourceOfSnapshot, timeOfId } from '../../volume/names.ts';
import { chooseSnapshots, type StoredSnapshot } from '../store.ts';
import type { CopyOptions } from './contract.ts';

/** Oldest first. Throws NOTHING_STORED, SNAPSHOT_NOT_FOUND. */
export function chooseManifests(manifests: Manifests, snapshots: Snapshots, { from, snapshots: wanted, sources, plan }: Pick<CopyOptions, 'from' | 'snapshots' | 'sources' | 'plan'>): ManifestRecord[] {
  const times = new Map(snapshots.list().map(({ id, time }) => [id, time]));
  const held = new Map(manifests.on(from).flatMap((manifest) => (times.has(manifest.snapshot) ? [[manifest.snapshot, manifest]] : [])));
  if (held.size === 0) {
    throw new BatError('NOTHING_STORED', `The catalog of ${plan.name} knows of no snapshot on "${from}".`, {
      hint: 'Make a backup with `bat run`. If there are snapshots, `bat sync` makes the catalog anew from a target.',
      subject: from,
    });
  }
  const all = [...held.values()].map(toStored).sort((a, b) => a.time.getTime() - b.time.getTime() || (a.id < b.id ? -1 : 1));
  const chosen = choose(all, wanted, sources);
  // What a snapshot is laid over comes along: without it nobody could read it.
  for (const id of chosen) {
    const base = held.get(id)?.base;
    if (base !== null && base !== undefined && held.has(base)) chosen.add(base);
  }
  return all.filter(({ id }) => chosen.has(id)).map(({ id }) => held.get(id)!);
}

function choose(all: readonly StoredSnapshot[], wanted: readonly string[], sources: readonly string[]): Set<string> {
  if (wanted.length > 0) return new Set(wanted.flatMap((snapshot) => chooseSnapshots(all, { snapshot, sources }).map(({ id }) => id)));
  if (sources.length > 0) chooseSnapshots(all, { snapshot: 'latest', sources });
  return new Set(all.flatMap(({ id, source }) => (sources.length === 0 || sources.includes(source) ? [id] : [])));
}

function toStored({ snapshot, name, size, recipients }: ManifestRecord): StoredSnapshot {
  return {
    id: snapshot,
    source: sourceOfSnapshot(snapshot),
    run: runOfSnapshot(snapshot),
    time: timeOfId(snapshot) ?? new Date(0),
    manifestName: name,
    size,
    codec: parseManifestName(name)?.codec ?? 'none',
    sealed: recipients !== null,
  };
}
