/**
 * Brings a target that was down, or is new in the plan, up to date from another target of the plan: the same stored bytes
 * where one holds them, else plain ones that are sealed on the way. The source is not touched. What no target can give
 * is found by `refreshUsable` and sent again from the source.
 */
import { createHash, hash } from 'node:crypto';
import { Manifests, type ManifestRecord } from '../catalog/manifests.ts';
import { ObjectNames } from '../catalog/object-names.ts';
import { Objects, type CanRead, type MissingObject } from '../catalog/objects.ts';
import { BatError, type ErrorCode } from '../core/errors.ts';
import { inParallel } from '../core/in-parallel.ts';
import { readAgain } from '../core/read-again.ts';
import { formatBytes, formatCount } from '../core/units.ts';
import { ObjectSender, type SentObject } from '../steps/shared/object-sender.ts';
import type { Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import { codecSuffix } from '../volume/frames.ts';
import { runOfSnapshot, volumeName } from '../volume/names.ts';
import type { Session } from './session.ts';

/** What speaks of one object only. After anything else the next one would fail as well, each after all its tries. */
const objectCodes: ReadonlySet<ErrorCode> = new Set(['OBJECT_MISSING', 'OBJECT_DAMAGED', 'OBJECT_COLD']);
/** What is fetched from the other target at a time. */
const BLOCK = 4 * 1024 * 1024;

/** One target of a lane. What cannot be copied is left and said; a failing target is given up on. */
export async function catchUp(session: Session, lane: Lane, target: Target): Promise<void> {
  await new CatchUp(session, lane, target).run();
}

/** A run does not wait for a thaw: what only a cold class could give is sent again from the source. */
export function canReadAtOnce({ targets }: Session): CanRead {
  return (target, storageClass) => storageClass === null || !targets.get(target)?.coldStorage?.isCold(storageClass);
}

interface Copy {
  name: string;
  from: string;
  fromName: string;
  size: number;
  /** Of what is read. */
  sha256: Buffer;
  seal: boolean;
}

class CatchUp {
  readonly #session: Session;
  readonly #lane: Lane;
  readonly #target: Target;
  readonly #objects: Objects;
  readonly #names: ObjectNames;

  constructor(session: Session, lane: Lane, target: Target) {
    this.#session = session;
    this.#lane = lane;
    this.#target = target;
    this.#objects = new Objects(session.catalog);
    this.#names = new ObjectNames(session.catalog);
  }

  async run(): Promise<void> {
    for (let unreadable = -1; unreadable < this.#session.unreadable.size; ) {
      unreadable = this.#session.unreadable.size;
      await this.#copyObjects(this.#missing());
    }
    await this.#copyManifests();
  }

  /** Whether another target may have something to give. */
  #isSource(id: string): boolean {
    const { targets, unreadable } = this.#session;
    return id !== this.#target.id && targets.has(id) && !unreadable.has(id);
  }

  /** A manifest speaks for all targets of the lane: an object whose name this one does not take is stored anew, under one that all take. */
  #missing(): MissingObject[] {
    const others = [...this.#session.targets.keys()].filter((id) => this.#isSource(id));
    const need = { target: this.#target.id, recipients: this.#lane.recipients };
    const missing = this.#objects.missingOn(this.#lane.maker, need, this.#lane.codec, others, canReadAtOnce(this.#session));
    return missing.filter((object) => object.seal || this.#target.acceptsName(object.name));
  }

  async #copyObjects(missing: readonly MissingObject[]): Promise<void> {
    if (missing.length === 0) return;
    const size = missing.reduce((sum, object) => sum + object.size, 0);
    this.#tell('note', `copying ${formatCount(missing.length, 'object')} (${formatBytes(size)}) that it lacks from ${[...new Set(missing.map((object) => object.from))].join(', ')}`);
    const sender = this.#sender('cold');
    await inParallel(missing, Math.min(this.#target.capabilities.parallel, sender.sideBySide), async (object) => {
      if (this.#isReachable) await this.#copyObject(sender, object);
    });
  }

  async #copyObject(sender: ObjectSender, object: MissingObject): Promise<void> {
    const { catalog } = this.#session;
    const { recipients } = this.#lane;
    const vanished = object.seal ? this.#objects.vanishedObject(`${object.name}.age`, object.volume, recipients!) : null;
    // A sealed copy takes the place of one that is gone: manifests know it by its name. It never takes the name of one that
    // is there, or was sealed to other keys.
    const name = !object.seal ? object.name : vanished === null ? this.#sealedName(object) : `${object.name}.age`;
    const sent = await this.#send(sender, { ...object, name, fromName: object.name });
    if (sent === 'damaged') {
      this.#objects.removeReceipt(object.id, object.from);
      catalog.flush();
      return;
    }
    const receipt = sent?.receipts.get(this.#target.id);
    if (!sent || !receipt) return;
    const { size, sha256 } = sent;
    if (vanished !== null) this.#objects.remakeObject(vanished, size, sha256);
    const add = (): number => this.#objects.addObject({ ...object, name, size, sha256, frames: this.#objects.framesOf(object.id), recipients: [...recipients!] });
    this.#objects.addReceipt(object.seal ? (vanished ?? add()) : object.id, this.#target.id, receipt);
    catalog.flush();
  }

  #sealedName({ name, codec }: MissingObject): string {
    const { run } = this.#session;
    if (this.#lane.maker === 'tar') return `${volumeName(run, this.#session.nextVolume())}${codecSuffix[codec]}.age`;
    const sealed = `files/${hash('sha256', `${run}/${name}`)}${codecSuffix[codec]}.age`;
    this.#names.reserveNames([sealed], run);
    return sealed;
  }

  /** Oldest first, and those that others are laid over before them. */
  async #copyManifests(): Promise<void> {
    const manifests = new Manifests(this.#session.catalog);
    // A manifest is of use only with all that it speaks of: a target must not claim a snapshot that it cannot give back.
    const others = this.#lane.targets.filter((id) => this.#isSource(id) && this.#objects.holdsAllOf(this.#target.id, id));
    const held = new Set(manifests.on(this.#target.id).map((manifest) => manifest.snapshot));
    const sender = this.#sender('hot');
    for (let left = manifests.missingOn(this.#target.id, others); left.length > 0; ) {
      const ready = left.filter(({ base }) => base === null || held.has(base));
      if (ready.length === 0) return;
      left = left.filter((manifest) => !ready.includes(manifest));
      await inParallel(ready, Math.min(this.#target.capabilities.parallel, sender.sideBySide), async (manifest) => {
        if (this.#isReachable && (await this.#copyManifest(sender, manifest))) held.add(manifest.snapshot);
      });
    }
  }

  async #copyManifest(sender: ObjectSender, manifest: ManifestRecord & { from: string }): Promise<boolean> {
    const { name, size, sha256, from, snapshot } = manifest;
    if (sha256 === null || !this.#objects.holdsAllUpTo(this.#target.id, this.#lane.maker, runOfSnapshot(snapshot))) return false;
    const sent = await this.#send(sender, { name, from, fromName: name, size, sha256, seal: false });
    if (sent === null || sent === 'damaged' || !sent.receipts.has(this.#target.id)) return false;
    new Manifests(this.#session.catalog).add({ ...manifest, target: this.#target.id });
    this.#session.catalog.flush();
    return true;
  }

  #sender(temperature: 'hot' | 'cold'): ObjectSender {
    return new ObjectSender({
      targets: [this.#target],
      temperature,
      signal: this.#session.signal,
      onFailure: this.#session.giveUp,
      isGivenUp: () => !this.#isReachable,
      onSent: () => {},
    });
  }

  /** Nothing of it is stored unless what was read is what it should be. Null if the other target could not give it, or this one fails. */
  async #send(sender: ObjectSender, copy: Copy): Promise<SentObject | 'damaged' | null> {
    let wrong: { sha256: Buffer; error: BatError } | null = null;
    try {
      return await readAgain(async () => {
        const sent = await this.#sendOnce(sender, copy);
        if (!Buffer.isBuffer(sent)) return sent;
        // The same bytes twice: they lie there so.
        if (wrong?.sha256.equals(sent)) return this.#sayDamaged(copy);
        wrong = { sha256: sent, error: new BatError('OBJECT_DAMAGED', `${copy.fromName} came damaged`) };
        throw wrong.error;
      });
    } catch (error) {
      this.#session.signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      if (error === (wrong as { error: BatError } | null)?.error) return this.#sayDamaged(copy);
      if (!objectCodes.has(error.code)) this.#session.unreadable.add(copy.from);
      this.#tell('lost', `${copy.fromName} could not be copied from ${copy.from}: ${error.message}`);
      return null;
    }
  }

  /** Where other bytes came than those that were stored, their SHA-256. */
  async #sendOnce(sender: ObjectSender, copy: Copy): Promise<SentObject | Buffer | null> {
    const { signal, targets } = this.#session;
    const source = targets.get(copy.from);
    if (!source || !this.#isSource(copy.from)) return null;
    const outgoing = sender.begin(copy.name, { largest: copy.size });
    const read = createHash('sha256');
    try {
      const sealer = copy.seal ? await this.#lane.newSealer!() : null;
      if (sealer) await outgoing.write(sealer.header);
      for (let offset = 0; offset < copy.size && this.#isReachable; offset += BLOCK) {
        const bytes = await source.read(copy.fromName, offset, Math.min(BLOCK, copy.size - offset), signal);
        read.update(bytes);
        for (const piece of sealer ? sealer.update(bytes) : [bytes]) await outgoing.write(piece);
      }
      const sha256 = read.digest();
      if (!this.#isReachable || !sha256.equals(copy.sha256)) {
        await outgoing.discard();
        return this.#isReachable ? sha256 : null;
      }
      for (const piece of sealer?.final() ?? []) await outgoing.write(piece);
      return await outgoing.close();
    } catch (error) {
      await outgoing.discard();
      throw error;
    }
  }

  #sayDamaged({ fromName, from }: Copy): 'damaged' {
    this.#tell('lost', `${fromName} on ${from} is damaged and was not copied; what the sources still have of it is stored again`);
    return 'damaged';
  }

  get #isReachable(): boolean {
    return this.#session.targets.has(this.#target.id);
  }

  #tell(kind: 'note' | 'lost', message: string): void {
    this.#session.emit({ type: 'issue', target: this.#target.id, issue: { kind, message } });
  }
}
