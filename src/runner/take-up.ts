/**
 * Sends what a killed run left in the spool: objects that were whole, and of which the targets may have some parts. What
 * they hold counts as stored afterwards, so that it is not read from the source again.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BatError } from '../core/errors.ts';
import { formatBytes } from '../core/units.ts';
import { Spooled, type SpooledObject } from '../catalog/spooled.ts';
import { Objects } from '../catalog/objects.ts';
import { Receipts } from '../catalog/receipts.ts';
import { Volumes } from '../catalog/volumes.ts';
import { ObjectSender } from '../steps/shared/object-sender.ts';
import { forget, sendFile, spoolFolder, sweepSpool } from '../steps/shared/spool.ts';
import type { Lane } from '../steps/step.ts';
import type { ResumedUpload, Target } from '../targets/target.ts';
import type { Session } from './session.ts';

/** Done once the targets are open, before anything of a killed run is thrown away. */
export async function takeUpSpooled(session: Session): Promise<void> {
  const spooled = new Spooled(session.catalog);
  const before = spooled.all();
  for (const object of before) {
    const lane = session.lanes.find((one) => one.upload === object.lane);
    if (!lane || !isAsPlanned(object, lane)) await drop(session, spooled, object);
    else if (await isWhole(object)) await takeUp(session, spooled, object, lane);
    else await tellAndDrop(session, spooled, object, 'is not there any more as it was');
  }
  const planned = session.lanes.flatMap(({ spool, upload }) => (spool === null ? [] : [spoolFolder(spool, session.plan.name, upload)]));
  const known = new Set(spooled.all().map(({ path }) => path));
  for (const folder of new Set([...planned, ...before.map(({ path }) => dirname(path))])) await sweepSpool(folder, known);
}

/** A plan that was changed since may want its volumes sealed to others. */
function isAsPlanned({ codec, recipients }: SpooledObject, lane: Lane): boolean {
  return lane.spool !== null && codec === lane.codec && JSON.stringify(recipients) === JSON.stringify(lane.recipients);
}

async function isWhole({ path, size }: SpooledObject): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.size === size;
}

async function takeUp(session: Session, spooled: Spooled, object: SpooledObject, lane: Lane): Promise<void> {
  const targets = lane.targets.map((id) => session.targets.get(id)).filter((target) => target !== undefined);
  if (targets.length === 0) return;
  const partSize = partSizeOf(spooled, object, targets);
  const uploads = partSize === null ? new Map<string, ResumedUpload>() : await resumed(session, spooled, object, targets, partSize);
  const there = [...uploads.values()].reduce((sum, { parts }) => sum + [...parts.values()].reduce((bytes, part) => bytes + part.size, 0), 0);
  session.emit({
    type: 'issue',
    issue: { kind: 'note', message: `sending ${object.name} (${formatBytes(object.size)}), which an interrupted run left in the spool${there > 0 ? `; ${formatBytes(there)} of it had arrived` : ''}` },
  });
  const sender = new ObjectSender({
    targets,
    temperature: 'cold',
    signal: session.signal,
    onFailure: session.giveUp,
    isGivenUp: (id) => !session.targets.has(id),
    onSent: () => {},
    onOpened: (target, name, upload, size) => spooled.noteUpload(lane.upload, name, { target, upload, partSize: size }),
  });
  try {
    const sent = await sendFile(sender.begin(object.name, { largest: object.size, keepsParts: true, ...(partSize === null ? {} : { resumed: { uploads, partSize } }) }), object);
    if (sent.receipts.size === 0) return;
    const objects = new Objects(session.catalog);
    const receipts = new Receipts(session.catalog);
    const volumes = new Volumes(session.catalog);
    const id = objects.sameObject(object.name, object.sha256) ?? objects.add(object);
    for (const [target, receipt] of sent.receipts) receipts.add(id, target, receipt, session.startedAt);
    volumes.markStored(object.volume, object.decoded);
    session.catalog.flush();
    await forget(spooled, object);
  } catch (error) {
    session.signal.throwIfAborted();
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    await tellAndDrop(session, spooled, object, 'is not what was written there, and was thrown away');
  }
}

/** The parts of all uploads of an object are of one size; null if they do not suit the targets any more. */
function partSizeOf(spooled: Spooled, object: SpooledObject, targets: readonly Target[]): number | null {
  const [size, ...others] = new Set(spooled.uploadsOf(object.lane, object.name).map((upload) => upload.partSize));
  const suits = size !== undefined && others.length === 0 && targets.every((target) => target.capabilities.partSize <= size);
  return suits ? size : null;
}

async function resumed(session: Session, spooled: Spooled, { lane, name }: SpooledObject, targets: readonly Target[], partSize: number): Promise<Map<string, ResumedUpload>> {
  const found = new Map<string, ResumedUpload>();
  for (const { target: id, upload } of spooled.uploadsOf(lane, name)) {
    const target = targets.find((one) => one.id === id);
    try {
      const taken = await target?.resume?.(name, upload, { temperature: 'cold', partSize, signal: session.signal });
      if (taken) found.set(id, taken);
    } catch (error) {
      session.signal.throwIfAborted();
      session.giveUp(id, error);
    }
  }
  return found;
}

async function tellAndDrop(session: Session, spooled: Spooled, object: SpooledObject, what: string): Promise<void> {
  session.emit({ type: 'issue', issue: { kind: 'lost', path: object.path, message: `${what}; what it held is read from the source again` } });
  await drop(session, spooled, object);
}

/** What of it lies on the targets as an unfinished upload is swept away by the next run. */
async function drop(session: Session, spooled: Spooled, object: SpooledObject): Promise<void> {
  await forget(spooled, object);
  new Volumes(session.catalog).discardOpen();
}
