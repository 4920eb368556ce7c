/** Which snapshots and objects a person means, and whether they may go at all. */
import { Objects, type NamedObject } from '../../catalog/objects.ts';
import { Snapshots, type Snapshot } from '../../catalog/snapshots.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { BatError } from '../../core/errors.ts';
import { formatCount } from '../../core/units.ts';
import { nearest } from '../../plan/words.ts';
import { parseManifestName, runOfSnapshot } from '../../volume/names.ts';

/** By their ids, or beginnings of them: that of a run means the snapshots of all its sources. Oldest first. Throws SNAPSHOT_NOT_FOUND, USAGE. */
export function chooseByName(catalog: Catalog, words: readonly string[]): Snapshot[] {
  const known = new Snapshots(catalog).list();
  const chosen = new Map<string, Snapshot>();
  for (const word of words) {
    const exact = known.filter(({ id }) => id === word);
    const meant = exact.length > 0 ? exact : known.filter(({ id }) => word !== '' && id.startsWith(word));
    const [first, ...others] = meant;
    if (!first) {
      if (word === 'latest') throw new BatError('USAGE', '"latest" is not taken here: what is deleted is named by its id.', { hint: 'See the ids with `bat snapshots`.' });
      throw new BatError('SNAPSHOT_NOT_FOUND', `There is no snapshot ${word}.`, { hint: 'Name it by its id, or the beginning of it; see `bat snapshots`.', subject: word });
    }
    if (others.some(({ id }) => runOfSnapshot(id) !== runOfSnapshot(first.id))) {
      throw new BatError('USAGE', `${word} may mean ${formatCount(meant.length, 'snapshot')}.`, { hint: `Name one of them: ${meant.slice(0, 5).map(({ id }) => id).join(', ')}${meant.length > 5 ? ', …' : ''}.` });
    }
    for (const snapshot of meant) chosen.set(snapshot.id, snapshot);
  }
  return [...chosen.values()];
}

/** Throws USAGE for one that is protected, and for the last ones of a source. */
export function checkMayGo(catalog: Catalog, snapshots: readonly Snapshot[]): void {
  const kept = snapshots.find((snapshot) => snapshot.protected);
  if (kept) throw new BatError('USAGE', `The snapshot ${kept.id} is protected.`, { hint: 'Take that from it with `bat snapshots unprotect`, or say --force.', subject: kept.id });
  for (const source of new Set(snapshots.map((snapshot) => snapshot.source))) {
    const goes = new Set(snapshots.map(({ id }) => id));
    if (new Snapshots(catalog).list().some((other) => other.source === source && !goes.has(other.id))) continue;
    throw new BatError('USAGE', `Nothing would be left of ${source}: this deletes its last snapshot.`, { hint: 'Say --force if that is meant.', subject: source });
  }
}

/** Volumes, and files that are objects of their own. Throws NOT_FOUND for a name that nothing has, USAGE for a manifest's. */
export function chooseObjects(catalog: Catalog, names: readonly string[]): NamedObject[] {
  const objects = new Objects(catalog);
  return [...new Set(names)].map((name) => {
    const found = objects.named(name);
    if (found) return found;
    const snapshot = parseManifestName(name)?.snapshot;
    if (snapshot !== undefined) throw new BatError('USAGE', `${name} is the manifest of a snapshot.`, { hint: `Delete the snapshot: bat delete ${snapshot}.` });
    const meant = nearest(name, objects.namesLike(name));
    throw new BatError('NOT_FOUND', `The catalog knows no object ${name}.`, { hint: meant ? `Did you mean ${meant}?` : 'Name it as `bat show` does: it says in which objects a file lies.', subject: name });
  });
}
