/**
 * Mends what a verify found. What is damaged loses its receipt first; from then on everything goes as at the beginning of a run, which copies what a target lacks
 * from the others. What nobody can give is sent again by the next run. A kill at any point leaves what that run mends itself.
 */
import { Manifests, type ManifestRecord } from '../../catalog/manifests.ts';
import { Receipts } from '../../catalog/receipts.ts';
import { Runs } from '../../catalog/runs.ts';
import { Stores } from '../../catalog/stores.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import { prepareLanes } from '../../runner/lanes.ts';
import { mendManifests } from '../../runner/mend-manifests.ts';
import { ObjectCopier } from '../../runner/object-copier.ts';
import { prepareTargets, tryTarget } from '../../runner/prepare-targets.ts';
import { restoreMarker } from '../../runner/restore-marker.ts';
import { Session } from '../../runner/session.ts';
import { writeSignedList } from '../../runner/signed-list.ts';
import type { Target } from '../../targets/target.ts';
import { newRunId } from '../../volume/run-id.ts';
import type { Damage } from './damage.ts';
import type { VerifyOptions } from './contract.ts';

/** Under the plan's lock. Returns how many of the findings are mended. Throws what the targets failed with if none is left. */
export async function mend({ plan, emit, signal, tell }: VerifyOptions, catalog: Catalog, damages: readonly Damage[]): Promise<number> {
  const startedAt = new Date();
  const session = new Session({ plan, run: newRunId(startedAt), startedAt, catalog, emit, signal, newTargets: [], allowEmpty: false, dryRun: false });
  const runs = new Runs(catalog);
  runs.begin(session.run, startedAt);
  await prepareLanes(session);
  const receipts = new Receipts(catalog);
  for (const damage of damages) for (const { id } of damage.objects) receipts.remove(id, damage.target);
  new Stores(catalog).setMendDue(true);
  catalog.flush();
  try {
    for (const { target, hasNoMarker } of damages) if (hasNoMarker) await restoreMarker(session, target);
    await prepareTargets(session, () => {});
    const lost = new Map<string, Set<string>>();
    for (const damage of damages) {
      const target = session.targets.get(damage.target);
      if (target) lost.set(target.id, await copyManifests(session, target, damage.manifests, tell));
    }
    for await (const { target, snapshot, name } of mendManifests(session, lost)) {
      lost.get(target)?.delete(snapshot);
      tell({ type: 'mended', target, name, how: 'written' });
    }
    for (const target of session.targets.values()) await tryTarget(session, target.id, () => writeSignedList(session, target));
    if (session.failures.size === 0) for (const id of session.targets.keys()) if (!session.unsettled.has(id)) new Stores(catalog).setUnsettled(id, false);
    return damages.reduce((sum, damage) => sum + (session.targets.has(damage.target) ? healedOf(catalog, damage, lost.get(damage.target)!) : 0), 0);
  } finally {
    runs.end(session.run, new Date(), 0);
    await Promise.allSettled([...session.planned.values()].map((target) => target.close()));
  }
}

/** The same bytes from another target. Returns the snapshots whose manifests none could give. */
async function copyManifests(session: Session, target: Target, manifests: readonly ManifestRecord[], tell: VerifyOptions['tell']): Promise<Set<string>> {
  const left = new Set<string>();
  const records = new Manifests(session.catalog);
  const copier = new ObjectCopier({ session, target, newSealer: null, onLost: () => {} });
  const sender = copier.sender('hot');
  for (const record of manifests) {
    const from = records.othersWith(record).find((id) => copier.isSource(id));
    const sent = from === undefined || record.sha256 === null ? null : await copier.copy(sender, { name: record.name, from, fromName: record.name, size: record.size, sha256: record.sha256, seal: false });
    if (sent === null || sent === 'damaged' || !sent.receipts.has(target.id)) {
      left.add(record.snapshot);
      continue;
    }
    records.addCopy(record, from!);
    session.catalog.flush();
    tell({ type: 'mended', target: target.id, name: record.name, how: 'copied', from: from! });
  }
  return left;
}

/** How many of a target's findings hold no more. */
function healedOf(catalog: Catalog, { target, objects, lacking, manifests, others }: Damage, lost: ReadonlySet<string>): number {
  const receipts = new Receipts(catalog);
  const needed = new Manifests(catalog).volumesOn(target);
  const objectsHealed = objects.filter(({ volume }) => receipts.isHeld(volume, target)).length;
  const lackingHealed = lacking.filter((volume) => receipts.isHeld(volume, target) || !needed.has(volume)).length;
  return objectsHealed + lackingHealed + manifests.filter(({ snapshot }) => !lost.has(snapshot)).length + others;
}
