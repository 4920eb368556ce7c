/**
 * Brings a target that was down, or is new in the plan, up to date from another target of the plan: the same stored bytes
 * where one holds them, else plain ones that are sealed on the way. The source is not touched. What no target can give
 * is found by `refreshUsable` and sent again from the source.
 */
import { createHash, hash } from 'node:crypto';
import { Snapshots } from '../catalog/snapshots.ts';
import { Volumes, type CanRead, type MissingObject } from '../catalog/volumes.ts';
import { BatError } from '../core/errors.ts';
import { formatBytes, formatCount } from '../core/units.ts';
import { ObjectSender, type SentObject } from '../steps/shared/object-sender.ts';
import type { Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import { codecSuffix } from '../volume/frames.ts';
import { runOfSnapshot, volumeName } from '../volume/names.ts';
import type { Session } from './session.ts';

/** What is fetched from the other target at a time. */
const BLOCK = 4 * 1024 * 1024;

/** One target of a lane. What cannot be copied is left and said; a failing target is given up on. */
export async function catchUp(session: Session, lane: Lane, target: Target): Promise<void> {
  const others = [...session.targets.keys()].filter((id) => id !== target.id);
  const need = { target: target.id, recipients: lane.recipients };
  const missing = new Volumes(session.catalog).missingOn(lane.maker, need, lane.codec, others, canReadAtOnce(session));
  const size = missing.reduce((sum, object) => sum + object.size, 0);
  if (missing.length > 0) {
    tell(session, target, 'note', `copying ${formatCount(missing.length, 'object')} (${formatBytes(size)}) that it lacks from ${[...new Set(missing.map((object) => object.from))].join(', ')}`);
  }
  for (const object of missing) {
    if (!session.targets.has(target.id)) return;
    await copyObject(session, lane, target, object);
  }
  await copyManifests(session, lane, target);
}

/** A run does not wait for a thaw: what only a cold class could give is sent again from the source. */
export function canReadAtOnce({ targets }: Session): CanRead {
  return (target, storageClass) => storageClass === null || !targets.get(target)?.coldStorage?.isCold(storageClass);
}

async function copyObject(session: Session, lane: Lane, target: Target, object: MissingObject): Promise<void> {
  const volumes = new Volumes(session.catalog);
  const vanished = object.seal ? volumes.vanishedObject(`${object.name}.age`, object.volume, lane.recipients!) : null;
  // A sealed copy takes the place of one that is gone: manifests know it by its name. It never takes the name of one that
  // is there, or was sealed to other keys.
  const name = !object.seal ? object.name : vanished === null ? sealedName(session, lane, object) : `${object.name}.age`;
  const sent = await send(session, lane, target, { ...object, name, fromName: object.name, temperature: 'cold' });
  if (sent === 'damaged') {
    volumes.removeReceipt(object.id, object.from);
    session.catalog.flush();
    return;
  }
  const receipt = sent?.receipts.get(target.id);
  if (!sent || !receipt) return;
  const { size, sha256 } = sent;
  if (vanished !== null) volumes.remakeObject(vanished, size, sha256);
  const add = (): number => volumes.addObject({ ...object, name, size, sha256, frames: volumes.framesOf(object.id), recipients: [...lane.recipients!] });
  volumes.addReceipt(object.seal ? (vanished ?? add()) : object.id, target.id, receipt);
  session.catalog.flush();
}

function sealedName(session: Session, lane: Lane, object: MissingObject): string {
  if (lane.maker === 'tar') return `${volumeName(session.run, session.nextVolume())}${codecSuffix[object.codec]}.age`;
  const name = `files/${hash('sha256', `${session.run}/${object.name}`)}${codecSuffix[object.codec]}.age`;
  new Volumes(session.catalog).reserveNames([name], session.run);
  return name;
}

async function copyManifests(session: Session, lane: Lane, target: Target): Promise<void> {
  const snapshots = new Snapshots(session.catalog);
  const volumes = new Volumes(session.catalog);
  // A manifest is of use only with all that it speaks of: a target must not claim a snapshot that it cannot give back.
  const others = lane.targets.filter((id) => id !== target.id && session.targets.has(id) && volumes.holdsAllOf(target.id, id));
  const held = new Set(snapshots.manifestsOn(target.id).map((manifest) => manifest.snapshot));
  for (const manifest of snapshots.manifestsMissingOn(target.id, others)) {
    const { name, size, sha256, from } = manifest;
    if (sha256 === null || (manifest.base !== null && !held.has(manifest.base))) continue;
    if (!volumes.holdsAllUpTo(target.id, lane.maker, runOfSnapshot(manifest.snapshot))) continue;
    const sent = await send(session, lane, target, { name, from, fromName: name, size, sha256, seal: false, temperature: 'hot' });
    if (sent === null || sent === 'damaged' || !sent.receipts.has(target.id)) continue;
    snapshots.addManifest({ ...manifest, target: target.id });
    held.add(manifest.snapshot);
    session.catalog.flush();
  }
}

interface Copy {
  name: string;
  from: string;
  fromName: string;
  size: number;
  /** Of what is read. */
  sha256: Buffer;
  seal: boolean;
  temperature: 'hot' | 'cold';
}

/** Nothing of it is stored unless what was read is what it should be. Null if the other target could not give it. */
async function send(session: Session, lane: Lane, target: Target, copy: Copy): Promise<SentObject | 'damaged' | null> {
  const source = session.targets.get(copy.from);
  if (!source) return null;
  const sender = new ObjectSender({
    targets: [target],
    temperature: copy.temperature,
    signal: session.signal,
    onFailure: session.giveUp,
    isGivenUp: (id) => !session.targets.has(id),
    onSent: () => {},
  });
  const outgoing = sender.begin(copy.name);
  const read = createHash('sha256');
  try {
    const sealer = copy.seal ? await lane.newSealer!() : null;
    if (sealer) await outgoing.write(sealer.header);
    for (let offset = 0; offset < copy.size; offset += BLOCK) {
      const bytes = await source.read(copy.fromName, offset, Math.min(BLOCK, copy.size - offset), session.signal);
      read.update(bytes);
      for (const piece of sealer ? sealer.update(bytes) : [bytes]) await outgoing.write(piece);
    }
    if (!read.digest().equals(copy.sha256)) {
      await outgoing.discard();
      tell(session, target, 'lost', `${copy.fromName} on ${copy.from} is damaged and was not copied; what the sources still have of it is stored again`);
      return 'damaged';
    }
    for (const piece of sealer?.final() ?? []) await outgoing.write(piece);
    return await outgoing.close();
  } catch (error) {
    await outgoing.discard();
    session.signal.throwIfAborted();
    if (!(error instanceof BatError)) throw error;
    tell(session, target, 'lost', `${copy.fromName} could not be copied from ${copy.from}: ${error.message}`);
    return null;
  }
}

function tell(session: Session, target: Target, kind: 'note' | 'lost', message: string): void {
  session.emit({ type: 'issue', target: target.id, issue: { kind, message } });
}
