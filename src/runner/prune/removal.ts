/**
 * Removes volumes from a target: the one place that does, and only with a proof. A proof is made by looking at the target: every manifest that lies there
 * now is one of a kept snapshot, and what each of them speaks of is known. So manifests go first and volumes after, or nothing goes.
 */
import { Forgetting, type LeavingObject } from '../../catalog/forgetting.ts';
import { IdSet } from '../../catalog/id-set.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Receipts } from '../../catalog/receipts.ts';
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { Target } from '../../targets/target.ts';
import type { Session } from '../session.ts';
import { lookAt } from './look.ts';

/** Objects that are removed between two commits: what is noted too late is removed once more by the next call. */
const betweenCommits = 100;

export interface Removed {
  objects: number;
  bytes: number;
}

export class ManifestProof {
  readonly #session: Session;
  readonly #target: Target;
  /** Volumes that manifests on the target speak of. */
  readonly #needed: IdSet;

  private constructor(session: Session, target: Target, needed: IdSet) {
    this.#session = session;
    this.#target = target;
    this.#needed = needed;
  }

  /** Throws STORE_SHARED for a manifest of somebody else, TARGET_CHANGED for any other that speaks of nobody knows what; and what the target does. */
  static async of(session: Session, target: Target): Promise<ManifestProof> {
    const { kept, gone, refused } = await lookAt(session, target, new Set());
    if (refused) throw refused;
    const needed = new IdSet();
    const records = new Map<string, { name: string; size: number }>();
    for (const { snapshot, name, size, sha256, volumes } of new Manifests(session.catalog).eachOn(target.id)) {
      if (sha256 === null || volumes === null) {
        if (kept.some((there) => there.snapshot === snapshot)) throw unproven(target, name);
        continue;
      }
      records.set(snapshot, { name, size });
      for (const volume of volumes) needed.add(volume);
    }
    // A listing may show late what was removed or replaced: of what does not fit, the target itself is asked.
    for (const { name } of gone) if ((await target.stat(name, session.signal)) !== null) throw unproven(target, name);
    for (const there of kept) {
      const record = records.get(there.snapshot);
      if (record?.name === there.name && record.size === there.size) continue;
      const found = await target.stat(there.name, session.signal);
      if (found !== null && (record?.name !== there.name || record.size !== found.size)) throw unproven(target, there.name);
    }
    return new ManifestProof(session, target, needed);
  }

  /** Removes what the target holds of the volumes on the list of what leaves, but for what is to wait. Receipts go after. */
  async removeVolumes(mustWait: (object: LeavingObject) => boolean, onRemoved: (bytes: number) => void): Promise<Removed> {
    const { catalog, signal } = this.#session;
    const receipts = new Receipts(catalog);
    const removed: Removed = { objects: 0, bytes: 0 };
    await inParallel(new Forgetting(catalog).leavingOn(this.#target.id), this.#target.capabilities.parallel, async (object) => {
      if (mustWait(object)) return;
      if (this.#needed.has(object.volume)) throw new Error(`${object.name} is to be removed from ${this.#target.id}, and a manifest there speaks of it.`);
      await this.#target.remove(object.name, signal);
      receipts.remove(object.id, this.#target.id);
      removed.objects++;
      removed.bytes += object.size;
      if (removed.objects % betweenCommits === 0) catalog.flush();
      onRemoved(object.size);
    });
    catalog.flush();
    return removed;
  }
}

function unproven({ id }: Target, name: string): BatError {
  return new BatError('TARGET_CHANGED', `Nothing is removed from target "${id}": ${name} is not as it was written, and what it needs is not known.`, {
    hint: 'Run it again; `bat sync` brings the catalog in line with the target.',
    subject: id,
  });
}
