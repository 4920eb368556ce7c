/** Writes a snapshot's manifest to the targets of a lane: full, or as the difference from one that they hold already. */
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { formatMtime } from '../../core/entry.ts';
import { freeBytes } from '../../core/free-bytes.ts';
import { batVersion } from '../../core/version.ts';
import { Manifests, type ManifestRecord } from '../../catalog/manifests.ts';
import { Snapshots, type Snapshot } from '../../catalog/snapshots.ts';
import type { ManifestHeader } from '../../volume/manifest.ts';
import { manifestName } from '../../volume/names.ts';
import { encodeDocument } from '../../volume/object-reader.ts';
import { ObjectSender } from '../shared/object-sender.ts';
import { nextSerial, signerOf } from '../shared/signing-key.ts';
import type { Source } from '../source.ts';
import { suffixOf, type Lane, type StepContext } from '../step.ts';
import { manifestBytes, type ManifestCounts } from './manifest-lines.ts';

/** A difference larger than this, or than a quarter of the snapshot, is written as a full manifest. */
const smallDifference = 1000;

/** Returns the ids of the targets that hold it now. */
export async function writeManifest(snapshot: Snapshot, lane: Lane, context: StepContext): Promise<string[]> {
  const targets = lane.targets.map((id) => context.targets.get(id)).filter((target) => target !== undefined);
  if (targets.length === 0) return [];
  const snapshots = new Snapshots(context.catalog);
  const manifests = new Manifests(context.catalog);
  const base = chooseBase(snapshot, snapshots, manifests, lane, targets.map((target) => target.id));
  const counts: ManifestCounts = { entries: 0, removed: 0, volumes: [], lost: [] };
  const signer = signerOf(context.catalog);
  const serial = nextSerial(context.catalog);
  const header = {
    snapshot: snapshot.id,
    plan: context.plan,
    source: snapshot.source,
    category: context.source.category,
    run: snapshot.run,
    time: snapshot.time,
    host: hostname(),
    version: batVersion,
    base: base?.id ?? null,
    signer: signer.publicKey,
    serial,
    baseSerial: base && manifests.leastSerial(base.id, targets.map((target) => target.id)),
    planFile: context.planFile,
    roots: context.source.roots.map((root) => ({ prefix: root.prefix, path: root.path })),
    files: snapshot.files,
    bytes: snapshot.bytes,
    ...topOf(context.source),
    ...(snapshot.tags.length > 0 ? { tags: snapshot.tags } : {}),
    ...(snapshot.protected ? { protected: true as const } : {}),
  };
  const sender = new ObjectSender({
    targets,
    temperature: 'hot',
    signal: context.signal,
    onFailure: context.giveUp,
    isGivenUp: (id) => !context.targets.has(id),
    onSent: context.sent,
  });
  const name = manifestName(snapshot.id, suffixOf(lane));
  const outgoing = sender.begin(name);
  const lines = manifestBytes({ catalog: context.catalog, snapshots, snapshot, base, header, lane, signer }, counts);
  for await (const bytes of encodeDocument(lines, lane)) await outgoing.write(bytes, () => freeBytes(bytes));
  const { size, sha256, receipts } = await outgoing.close();
  for (const path of counts.lost) {
    context.issue({ kind: 'unread', path, message: 'no target holds it any more and it could not be read again: it is not in this snapshot' });
  }
  for (const target of receipts.keys()) {
    manifests.add({
      snapshot: snapshot.id, target, name, size, sha256, base: base?.id ?? null, entries: counts.entries + counts.removed, recipients: lane.recipients, volumes: counts.volumes, serial,
    });
  }
  context.count({ objects: 1, bytes: size });
  return [...receipts.keys()];
}

/** The folder that the source itself is has no entry of its own: its entries begin below it. */
function topOf({ roots }: Source): Pick<ManifestHeader, 'top'> {
  const stat = roots.length === 1 && roots[0]!.prefix === '' ? statSync(roots[0]!.path, { throwIfNoEntry: false, bigint: true }) : undefined;
  if (!stat?.isDirectory()) return {};
  return { top: { mode: Number(stat.mode & 0o7777n), uid: Number(stat.uid), gid: Number(stat.gid), mtime: formatMtime(stat.mtimeNs) } };
}

/**
 * The snapshot to lay this one over, or null. If nothing changed since the one before, that one (or the one it is itself
 * laid over, if it too changed nothing); else the last full one, while the difference from it stays small. So a chain is
 * never longer than three.
 */
function chooseBase(snapshot: Snapshot, snapshots: Snapshots, manifests: Manifests, lane: Lane, targets: readonly string[]): Snapshot | null {
  const records = usableBases(manifests.onAll(snapshot.source, targets), lane);
  const last = records[0];
  if (!last) return null;
  const find = (id: string): Snapshot => snapshots.get(id)!;
  if (snapshots.countSince(snapshot, find(last.snapshot)) === 0) return find(last.entries === 0 && last.base !== null ? last.base : last.snapshot);
  const full = records.find((record) => record.base === null);
  if (!full) return null;
  const base = find(full.snapshot);
  const difference = snapshots.countSince(snapshot, base);
  return difference <= Math.max(smallDifference, full.entries / 4) ? base : null;
}

/** Of manifests, newest first: those that every recipient of the lane can read, together with all that they are laid over. */
function usableBases(records: readonly ManifestRecord[], { recipients }: Lane): ManifestRecord[] {
  const usable = new Set<string>();
  for (const record of records.toReversed()) {
    const isReadable = record.recipients === null || recipients?.every((recipient) => record.recipients!.includes(recipient));
    if (isReadable && (record.base === null || usable.has(record.base))) usable.add(record.snapshot);
  }
  return records.filter((record) => usable.has(record.snapshot));
}
