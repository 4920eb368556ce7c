/**
 * Writes manifests of kept snapshots again, from the catalog: under the same name, replaced at once, and so that they need nothing that goes.
 * No key is needed, for they are sealed to public recipients; nothing is read but the catalog.
 */
import { hostname } from 'node:os';
import { Manifests, type ManifestRecord } from '../../catalog/manifests.ts';
import { Receipts } from '../../catalog/receipts.ts';
import { Snapshots, type Snapshot, type SnapshotOrigin } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { batVersion } from '../../core/version.ts';
import { lastFull, readableRecords } from '../../steps/record/choose-base.ts';
import { originOf } from '../../steps/record/origin.ts';
import { sendManifest, type ManifestSetting } from '../../steps/record/send-manifest.ts';
import type { Lane } from '../../steps/step.ts';
import type { Target } from '../../targets/target.ts';
import { parseManifestName } from '../../volume/names.ts';
import type { Session } from '../session.ts';
import { LastingPlaces } from './lasting-places.ts';

/** A manifest to write again, on the targets of one lane that hold it. */
export interface Rewrite {
  snapshot: string;
  lane: Lane;
  /** Ids. */
  targets: readonly string[];
}

/** Oldest snapshots first, so that others can be laid over them. A target that fails is given up on. `forget`: ids of snapshots that nothing may be laid over. */
export async function rewriteManifests(session: Session, rewrites: readonly Rewrite[], forget: ReadonlySet<string>): Promise<void> {
  const snapshots = new Snapshots(session.catalog);
  const manifests = new Manifests(session.catalog);
  const jobs = rewrites.map((rewrite) => ({ ...rewrite, snapshot: snapshots.get(rewrite.snapshot)! })).sort((a, b) => a.snapshot.number - b.snapshot.number);
  for (const job of jobs) {
    session.signal.throwIfAborted();
    await rewriteOne(session, job, { before: beforeOf(manifests, job), forget });
  }
}

interface Job {
  snapshot: Snapshot;
  lane: Lane;
  targets: readonly string[];
}

/** As it was before. */
interface Before {
  /** Undefined where it is not the same everywhere, or nobody knows. */
  base: string | null | undefined;
  recipients: readonly string[] | null;
  isSealed: boolean;
}

function beforeOf(manifests: Manifests, { snapshot, lane, targets }: Job): Before {
  const records = manifests.of(snapshot.id).filter(({ target }) => targets.includes(target));
  const bases = new Set(records.map(({ base }) => base));
  const [base] = bases;
  const isKnown = bases.size === 1 && base !== '' && records.length === targets.length;
  const sealed = records.find(({ name }) => parseManifestName(name)?.sealed);
  return { base: isKnown ? base : undefined, recipients: sealed?.recipients ?? lane.recipients, isSealed: sealed !== undefined };
}

async function rewriteOne(session: Session, { snapshot, lane, targets: ids }: Job, { before, forget }: { before: Before; forget: ReadonlySet<string> }): Promise<void> {
  const { catalog } = session;
  const snapshots = new Snapshots(catalog);
  const targets = ids.map((id) => session.targets.get(id)).filter((target) => target !== undefined);
  if (targets.length === 0) return;
  const shape = await shapeOf(snapshot, lane, before);
  const held = new Manifests(catalog).onAll(snapshot.source, targets.map(({ id }) => id));
  const sound = readableRecords(held.filter((record) => isSound(record, snapshot, snapshots, forget)), shape.recipients);
  const base = keptBase(before, sound, snapshots) ?? (before.base === null ? null : lastFull(catalog, snapshot, sound));
  const manifests = new Manifests(catalog);
  // What it holds is not known until it has been written: a kill on the way is noticed by that, and nothing is laid over it meanwhile.
  for (const { id } of targets) manifests.blur(snapshot.id, id);
  catalog.flush();
  const origin = snapshots.originOf(snapshot.id) ?? originNow(session, snapshot.source);
  const send = async (to: readonly Target[]): Promise<boolean> => {
    const places = new LastingPlaces(catalog, { ...lane, recipients: shape.recipients }, to.map(({ id }) => id));
    const sent = await sendManifest({ snapshot, origin, base, shape, targets: to, places }, settingOf(session));
    catalog.flush();
    for (const path of sent.lost) {
      session.emit({ type: 'issue', source: snapshot.source, issue: { kind: 'lost', path, message: `no target of "${lane.upload}" ever held it whole: it is not in ${snapshot.id} there` } });
    }
    return places.isSplit;
  };
  // Where not all of them hold the same, each gets a manifest of what it holds itself.
  if (new Receipts(catalog).holdDifferent(lane.targets) || (await send(targets))) for (const target of targets) if (session.targets.has(target.id)) await send([target]);
}

/** What the snapshot may be laid over. */
function isSound({ snapshot: id, sha256 }: ManifestRecord, snapshot: Snapshot, snapshots: Snapshots, forget: ReadonlySet<string>): boolean {
  const other = forget.has(id) || sha256 === null ? null : snapshots.get(id);
  return other !== null && other.number < snapshot.number;
}

/** The base that it had, if that is still good: what is laid over it in turn stays as near to a full one as it was. */
function keptBase({ base }: Before, sound: readonly ManifestRecord[], snapshots: Snapshots): Snapshot | null {
  return typeof base === 'string' && sound.some(({ snapshot }) => snapshot === base) ? snapshots.get(base) : null;
}

/** What was sealed is never written open, also where the plan does not seal any more. */
async function shapeOf(snapshot: Snapshot, lane: Lane, { recipients, isSealed }: Before): Promise<Pick<Lane, 'codec' | 'level' | 'recipients' | 'newSealer'>> {
  if (lane.recipients !== null || !isSealed) return lane;
  if (recipients === null) {
    throw new BatError('KEY_MISSING', `The manifest of ${snapshot.id} is sealed, and to whom is not known any more.`, {
      hint: 'The plan does not encrypt what it stores there now: put the step `encrypt` back, with its recipients, and run this again.',
      subject: snapshot.id,
    });
  }
  const { createSealerFactory } = await import('../../volume/age.ts');
  return { codec: lane.codec, level: lane.level, recipients, newSealer: await createSealerFactory(recipients) };
}

/** For a snapshot that an older bat made, what the plan says now is the nearest to what was then. */
function originNow({ plan }: Session, source: string): SnapshotOrigin {
  const known = plan.sources.find(({ id }) => id === source);
  return known ? originOf(known) : { category: '', host: hostname(), version: batVersion, roots: [] };
}

function settingOf(session: Session): ManifestSetting {
  const { plan, planFile } = session.setupOf('record');
  return { catalog: session.catalog, plan, planFile, signal: session.signal, targets: session.targets, giveUp: session.giveUp, sent: () => {} };
}
