/** Writes one manifest of a snapshot, as the catalog has it, to targets: the first time, and whenever it must be written again. */
import type { Catalog } from '../../catalog/catalog.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { SnapshotEntries } from '../../catalog/snapshot-entries.ts';
import type { Snapshot, SnapshotOrigin } from '../../catalog/snapshots.ts';
import { freeBytes } from '../../core/free-bytes.ts';
import type { Target } from '../../targets/target.ts';
import type { ManifestHeader, PlanFile } from '../../volume/manifest.ts';
import { manifestName } from '../../volume/names.ts';
import { encodeDocument } from '../../volume/object-reader.ts';
import { ObjectSender } from '../shared/object-sender.ts';
import { nextSerial, signerOf } from '../shared/signing-key.ts';
import { suffixOf, type Lane } from '../step.ts';
import { manifestBytes, type ManifestCounts, type ManifestPlaces } from './manifest-lines.ts';

/** What sending a manifest needs of its surroundings. */
export interface ManifestSetting {
  catalog: Catalog;
  /** The plan's name. */
  plan: string;
  planFile: PlanFile;
  signal: AbortSignal;
  /** Those that can be used. */
  targets: ReadonlyMap<string, Target>;
  giveUp(this: void, target: string, error: unknown): void;
  sent(this: void, target: string, bytes: number): void;
}

export interface ManifestJob {
  snapshot: Snapshot;
  origin: SnapshotOrigin;
  /** The snapshot it is laid over, or null for a full one. */
  base: Snapshot | null;
  shape: Pick<Lane, 'codec' | 'level' | 'recipients' | 'newSealer'>;
  /** What it is written to; those that fail are given up on. */
  targets: readonly Target[];
  places: ManifestPlaces;
}

export interface SentManifest {
  name: string;
  size: number;
  /** Ids of the targets that hold it now. The catalog knows it of them. */
  targets: string[];
  /** Files that are not in it, since nobody knows a place of theirs. */
  lost: string[];
}

/** Replaces one of the same name at once. */
export async function sendManifest(job: ManifestJob, setting: ManifestSetting): Promise<SentManifest> {
  const { snapshot, base, shape, targets, places } = job;
  const { catalog } = setting;
  const manifests = new Manifests(catalog);
  const signer = signerOf(catalog);
  const serial = nextSerial(catalog);
  const baseSerial = base && manifests.leastSerial(base.id, targets.map((target) => target.id));
  const header: ManifestHeader = { ...headerOf(job, setting), signer: signer.publicKey, serial, baseSerial };
  const counts: ManifestCounts = { entries: 0, removed: 0, volumes: [], lost: [] };
  const sender = new ObjectSender({
    targets,
    temperature: 'hot',
    signal: setting.signal,
    onFailure: setting.giveUp,
    isGivenUp: (id) => !setting.targets.has(id),
    onSent: setting.sent,
  });
  const name = manifestName(snapshot.id, suffixOf(shape));
  const outgoing = sender.begin(name);
  const lines = manifestBytes({ entries: new SnapshotEntries(catalog), snapshot, base, header, places, signer }, counts);
  for await (const bytes of encodeDocument(lines, shape)) await outgoing.write(bytes, () => freeBytes(bytes));
  const { size, sha256, receipts } = await outgoing.close();
  for (const target of receipts.keys()) {
    manifests.add({
      snapshot: snapshot.id, target, name, size, sha256, base: base?.id ?? null, entries: counts.entries + counts.removed, recipients: shape.recipients, volumes: counts.volumes, serial,
    });
  }
  return { name, size, targets: [...receipts.keys()], lost: counts.lost };
}

function headerOf({ snapshot, origin, base, shape }: ManifestJob, { plan, planFile }: ManifestSetting): ManifestHeader {
  return {
    snapshot: snapshot.id,
    plan,
    source: snapshot.source,
    category: origin.category,
    run: snapshot.run,
    time: snapshot.time,
    host: origin.host,
    version: origin.version,
    base: base?.id ?? null,
    planFile,
    roots: origin.roots,
    files: snapshot.files,
    bytes: snapshot.bytes,
    ...(shape.recipients ? { recipients: shape.recipients } : {}),
    ...(origin.top ? { top: origin.top } : {}),
    ...(snapshot.tags.length > 0 ? { tags: snapshot.tags } : {}),
    ...(snapshot.protected ? { protected: true as const } : {}),
  };
}
