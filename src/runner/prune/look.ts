/** What manifests lie on a target, and whether anything may be removed there at all. */
import { Forgetting } from '../../catalog/forgetting.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import { Stores } from '../../catalog/stores.ts';
import { BatError } from '../../core/errors.ts';
import type { Target } from '../../targets/target.ts';
import { parseManifestName } from '../../volume/names.ts';
import { onlyAdds } from '../append-only.ts';
import { behindHint, readMarker } from '../mark-targets.ts';
import type { Session } from '../session.ts';

export interface ManifestThere {
  name: string;
  size: number;
  snapshot: string;
}

export interface TargetLook {
  target: Target;
  /** Of snapshots that are kept. */
  kept: ManifestThere[];
  /** Of snapshots that are forgotten, or were taken back: nothing needs them. */
  gone: ManifestThere[];
  /** Why nothing may be removed there. */
  refused: BatError | null;
}

/** `forget`: ids of snapshots that are to count as forgotten. */
export async function lookAt(session: Session, target: Target, forget: ReadonlySet<string>): Promise<TargetLook> {
  const snapshots = new Snapshots(session.catalog);
  const forgetting = new Forgetting(session.catalog);
  const look: TargetLook = { target, kept: [], gone: [], refused: null };
  let foreign: string | null = null;
  for await (const { name, size } of target.list('manifests/', session.signal)) {
    const snapshot = parseManifestName(name)?.snapshot;
    // No reader takes anything else for a manifest.
    if (snapshot === undefined) continue;
    if (forget.has(snapshot) || forgetting.isForgotten(snapshot) || snapshots.wasUndone(snapshot)) look.gone.push({ name, size, snapshot });
    else if (snapshots.get(snapshot) !== null) look.kept.push({ name, size, snapshot });
    else foreign ??= name;
  }
  if (target.isAppendOnly) look.refused = onlyAdds(target);
  else if (new Stores(session.catalog).isBehind(target.id)) look.refused = behind(session, target);
  else if (foreign !== null) look.refused = refusal(target, `${foreign} is not this catalog's`);
  else if (!(await knowsAll(session, target))) look.refused = refusal(target, 'another one was the last to write there');
  return look;
}

/**
 * Whether this catalog was the last to write to a target, or to take in what lay there, before this run and since it began: what others may have stored
 * meanwhile it does not know.
 */
async function knowsAll(session: Session, target: Target): Promise<boolean> {
  const marker = await readMarker(target, session.signal);
  if (marker === null) return true;
  const knew = session.wroteLast.has(target.id) || session.upToDate.has(target.id);
  if (marker.lastRun === session.run) return knew || session.unmarked.has(target.id);
  const stores = new Stores(session.catalog);
  return session.dryRun && (stores.lastRunsOn(target.id).includes(marker.lastRun) || stores.knownUpTo(target.id) === marker.lastRun);
}

function refusal({ id }: Target, why: string): BatError {
  return new BatError('STORE_SHARED', `Nothing is removed from target "${id}": another catalog writes there, too (${why}), and may need what this one does not.`, {
    hint: 'Bring this catalog up to date with `bat sync --adopt`, and prune when no other machine is at work there.',
    subject: id,
  });
}

function behind(session: Session, { id }: Target): BatError {
  return new BatError('STORE_SHARED', `Nothing is removed from target "${id}": a later state of this catalog has written there, and may need what this one does not.`, {
    hint: behindHint(session),
    subject: id,
  });
}
