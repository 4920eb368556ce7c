/** Which manifests a copy is about: those of the snapshots that were asked for, and what these are laid over. */
import type { Manifests, ManifestRecord } from '../../catalog/manifests.ts';
import type { Snapshots } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { chooseKnown } from '../known-snapshots.ts';
import type { CopyOptions } from './contract.ts';

/** Oldest first. Throws NOTHING_STORED, SNAPSHOT_NOT_FOUND. */
export function chooseManifests(manifests: Manifests, snapshots: Snapshots, { from, snapshots: wanted, sources, plan }: Pick<CopyOptions, 'from' | 'snapshots' | 'sources' | 'plan'>): ManifestRecord[] {
  const held = new Map(manifests.on(from).map((manifest) => [manifest.snapshot, manifest]));
  const all = snapshots.list().filter(({ id }) => held.has(id));
  if (all.length === 0) {
    throw new BatError('NOTHING_STORED', `The catalog of ${plan.name} knows of no snapshot on "${from}".`, {
      hint: 'Make a backup with `bat run`. If there are snapshots, `bat sync` makes the catalog anew from a target.',
      subject: from,
    });
  }
  // Words that fit nothing are a mistake in any case.
  const choices = wanted.length > 0 ? wanted : ['latest'];
  const named = choices.flatMap((snapshot) => chooseKnown(all, { snapshot, sources }).map(({ id }) => id));
  const chosen = new Set(wanted.length > 0 ? named : all.flatMap(({ id, source }) => (sources.length === 0 || sources.includes(source) ? [id] : [])));
  // What a snapshot is laid over comes along: without it nobody could read it.
  for (const id of chosen) {
    const base = held.get(id)?.base;
    if (base !== null && base !== undefined && held.has(base)) chosen.add(base);
  }
  return all.filter(({ id }) => chosen.has(id)).map(({ id }) => held.get(id)!);
}
