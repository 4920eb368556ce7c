/** Deletes named objects: who suffers from it, and doing it. What the disk still has of them is stored again by the next run. */
import { IdSet } from '../../catalog/id-set.ts';
import type { NamedObject } from '../../catalog/objects.ts';
import { Receipts } from '../../catalog/receipts.ts';
import { Snapshots, type Snapshot } from '../../catalog/snapshots.ts';
import { Spans } from '../../catalog/spans.ts';
import { Stores } from '../../catalog/stores.ts';
import { Sufferers } from '../../catalog/sufferers.ts';
import { BatError } from '../../core/errors.ts';
import { tryTarget } from '../../runner/prepare-targets.ts';
import { lookAt } from '../../runner/prune/look.ts';
import type { Session } from '../../runner/session.ts';
import type { GoneFile, ObjectsReport } from './report.ts';

/** `onFile` is told of each version of a file that no target can give any more. */
export function reportObjects(session: Session, objects: readonly NamedObject[], onFile: (file: GoneFile) => void): ObjectsReport & { protected: Snapshot | null } {
  const { catalog } = session;
  const receipts = new Receipts(catalog);
  const ids = new Set(objects.map(({ id }) => id));
  // What a target holds that cannot be asked now stays there.
  const goes = ({ object, target }: { object: number; target: string }): boolean => ids.has(object) && session.targets.has(target);
  const gone = new Set(objects.filter(({ volume }) => receipts.holdersOf(volume).every(goes)).map(({ volume }) => volume));
  const spans = new Spans(new Snapshots(catalog).list());
  const suffering = new Set<string>();
  let guarded: Snapshot | null = null;
  let files = 0;
  let bytes = 0;
  for (const file of new Sufferers(catalog).files(new Map([['', chunksOnlyIn(session, gone)]]), [])) {
    const span = file && spans.of(file.source, file.since, file.until);
    if (!file || !span) continue;
    files++;
    bytes += file.size;
    const having = spans.snapshotsOf(file.source).filter(({ number }) => number >= file.since && (file.until === null || number < file.until));
    for (const snapshot of having) {
      suffering.add(snapshot.id);
      if (snapshot.protected) guarded ??= snapshot;
    }
    onFile({ source: file.source, path: file.path, size: file.size, snapshots: having.length });
  }
  return {
    objects: objects.map(({ name, size, volume, id }) => {
      const holders = receipts.holdersOf(volume).filter(({ object }) => object === id).map(({ target }) => target);
      return { name, size, targets: holders.filter((target) => session.targets.has(target)), stays: holders.filter((target) => !session.targets.has(target)), elsewhere: !gone.has(volume) };
    }),
    files,
    bytes,
    snapshots: [...suffering].sort(),
    protected: guarded,
  };
}

/** Chunks of these volumes that lie in no other one. */
function chunksOnlyIn({ catalog }: Session, volumes: ReadonlySet<number>): IdSet {
  const sufferers = new Sufferers(catalog);
  const receipts = new Receipts(catalog);
  const lost = new IdSet();
  for (const volume of volumes) {
    const chunks = new IdSet();
    sufferers.addChunksOf(volume, chunks);
    for (const chunk of chunks) if (receipts.heldPlacesOf(chunk).every((other) => volumes.has(other))) lost.add(chunk);
  }
  return lost;
}

/**
 * From every target in reach. Receipts go first: what is not noted counts as gone, also if bat is killed before it is; and once it is stored again, older
 * snapshots have to be told where. Returns what was removed by target.
 */
export async function deleteObjects(session: Session, objects: readonly NamedObject[], { force }: { force: boolean }): Promise<Map<string, number>> {
  const { catalog, signal } = session;
  const receipts = new Receipts(catalog);
  const removed = new Map<string, number>();
  for (const target of session.targets.values()) {
    await tryTarget(session, target.id, async () => {
      const { refused } = await lookAt(session, target, new Set());
      if (refused && target.isAppendOnly) throw refused;
      if (refused && !force) throw new BatError(refused.code, refused.message, { hint: `${refused.hint} --force does it all the same.`, subject: target.id });
      new Stores(catalog).setMendDue(true);
      for (const { id, name, size, volume } of objects) {
        const holds = receipts.holdersOf(volume).some((holder) => holder.object === id && holder.target === target.id);
        receipts.remove(id, target.id);
        catalog.flush();
        await target.remove(name, signal);
        if (holds) removed.set(target.id, (removed.get(target.id) ?? 0) + size);
      }
    });
  }
  return removed;
}
