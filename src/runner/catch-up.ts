/**
 * Brings a target that was down, or is new in the plan, up to date from another target of the plan: the same stored bytes
 * where one holds them, else plain ones that are sealed on the way. The source is not touched. What no target can give
 * is found by `refreshUsable` and sent again from the source.
 */
import { Snapshots } from '../catalog/snapshots.ts';
import { Volumes, type CatalogObject } from '../catalog/volumes.ts';
import { BatError } from '../core/errors.ts';
import { formatBytes, formatCount } from '../core/units.ts';
import { ObjectSender, type SentObject } from '../steps/shared/object-sender.ts';
import type { Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import type { Session } from './session.ts';

/** What is fetched from the other target at a time. */
const BLOCK = 4 * 1024 * 1024;

type Missing = CatalogObject & { from: string; seal: boolean };

/** One target of a lane. What cannot be copied is left; a failing target is given up on. */
export async function catchUp(session: Session, lane: Lane, target: Target): Promise<void> {
  const others = [...session.targets.keys()].filter((id) => id !== target.id);
  const need = { target: target.id, recipients: lane.recipients };
  const missing = new Volumes(session.catalog).missingOn(lane.maker, need, lane.codec, others);
  const size = missing.reduce((sum, object) => sum + object.size, 0);
  if (missing.length > 0) {
    note(session, target, `copying ${formatCount(missing.length, 'object')} (${formatBytes(size)}) that it lacks from ${[...new Set(missing.map((object) => object.from))].join(', ')}`);
  }
  for (const object of missing) {
    if (!session.targets.has(target.id)) return;
    await copyObject(session, lane, target, object);
  }
  await copyManifests(session, lane, target);
}

async function copyObject(session: Session, lane: Lane, target: Target, object: Missing): Promise<void> {
  const volumes = new Volumes(session.catalog);
  const name = object.seal ? `${object.name}.age` : object.name;
  const sent = await send(session, lane, target, { name, from: object.from, fromName: object.name, size: object.size, seal: object.seal, temperature: 'cold' });
  const receipt = sent?.receipts.get(target.id);
  if (!sent || !receipt) return;
  const id = object.seal
    ? volumes.addObject({ ...object, name, size: sent.size, sha256: sent.sha256, recipients: [...lane.recipients!] })
    : object.id;
  if (!object.seal && !sent.sha256.equals(object.sha256)) {
    await target.remove(name, session.signal);
    note(session, target, `${object.name} on ${object.from} is damaged and was not copied; its chunks are stored again`);
    volumes.removeReceipt(object.id, object.from);
  } else {
    volumes.addReceipt(id, target.id, receipt);
  }
  session.catalog.flush();
}

async function copyManifests(session: Session, lane: Lane, target: Target): Promise<void> {
  const snapshots = new Snapshots(session.catalog);
  const others = lane.targets.filter((id) => id !== target.id && session.targets.has(id));
  const held = new Set(snapshots.manifestsOn(target.id).map((manifest) => manifest.snapshot));
  for (const manifest of snapshots.manifestsMissingOn(target.id, others)) {
    // A manifest is of use only where the one it is laid over is, too.
    if (manifest.base !== null && !held.has(manifest.base)) continue;
    const { name, size, from } = manifest;
    const sent = await send(session, lane, target, { name, from, fromName: name, size, seal: false, temperature: 'hot' });
    if (!sent?.receipts.has(target.id)) continue;
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
  seal: boolean;
  temperature: 'hot' | 'cold';
}

/** Null if the other target could not give it. */
async function send(session: Session, lane: Lane, target: Target, copy: Copy): Promise<SentObject | null> {
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
  try {
    const sealer = copy.seal ? await lane.newSealer!() : null;
    if (sealer) await outgoing.write(sealer.header);
    for (let offset = 0; offset < copy.size; offset += BLOCK) {
      const bytes = await source.read(copy.fromName, offset, Math.min(BLOCK, copy.size - offset), session.signal);
      for (const piece of sealer ? sealer.update(bytes) : [bytes]) await outgoing.write(piece);
    }
    for (const piece of sealer?.final() ?? []) await outgoing.write(piece);
    return await outgoing.close();
  } catch (error) {
    await outgoing.discard();
    session.signal.throwIfAborted();
    if (!(error instanceof BatError)) throw error;
    note(session, target, `${copy.fromName} could not be copied from ${copy.from}: ${error.message}`);
    return null;
  }
}

function note(session: Session, target: Target, message: string): void {
  session.emit({ type: 'issue', target: target.id, issue: { kind: 'note', message } });
}
