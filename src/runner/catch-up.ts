/**
 * Brings a target that was down, or is new in the plan, up to date from another target of the plan: the same stored bytes
 * where one holds them, else plain ones that are sealed on the way. The source is not touched. What no target can give
 * is found by `refreshUsable` and sent again from the source.
 */
import { hash } from 'node:crypto';
import { Manifests, type ManifestRecord } from '../catalog/manifests.ts';
import { ObjectNames } from '../catalog/object-names.ts';
import { Objects } from '../catalog/objects.ts';
import { Receipts, type CanRead, type MissingObject } from '../catalog/receipts.ts';
import type { BatError } from '../core/errors.ts';
import { inParallel } from '../core/in-parallel.ts';
import { formatBytes, formatCount } from '../core/units.ts';
import type { ObjectSender } from '../steps/shared/object-sender.ts';
import type { Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import { codecSuffix } from '../volume/frames.ts';
import { runOfSnapshot, volumeName } from '../volume/names.ts';
import { basesFirst } from './bases-first.ts';
import { ObjectCopier, type Copy } from './object-copier.ts';
import type { Session } from './session.ts';

/** One target of a lane. What cannot be copied is left and said; a failing target is given up on. */
export async function catchUp(session: Session, lane: Lane, target: Target): Promise<void> {
  await new CatchUp(session, lane, target).run();
}

/** A run does not wait for a thaw: what only a cold class could give is sent again from the source. */
export function canReadAtOnce({ targets }: Session): CanRead {
  return (target, storageClass) => storageClass === null || !targets.get(target)?.coldStorage?.isCold(storageClass);
}

class CatchUp {
  readonly #session: Session;
  readonly #lane: Lane;
  readonly #target: Target;
  readonly #objects: Objects;
  readonly #receipts: Receipts;
  readonly #names: ObjectNames;
  readonly #copier: ObjectCopier;

  constructor(session: Session, lane: Lane, target: Target) {
    this.#session = session;
    this.#lane = lane;
    this.#target = target;
    this.#objects = new Objects(session.catalog);
    this.#receipts = new Receipts(session.catalog);
    this.#names = new ObjectNames(session.catalog);
    this.#copier = new ObjectCopier({ session, target, newSealer: lane.newSealer, onLost: (copy, error) => this.#sayLost(copy, error) });
  }

  async run(): Promise<void> {
    for (let unreadable = -1; unreadable < this.#session.unreadable.size; ) {
      unreadable = this.#session.unreadable.size;
      await this.#copyObjects(this.#missing());
    }
    await this.#copyManifests();
  }

  /** A manifest speaks for all targets of the lane: an object whose name this one does not take is stored anew, under one that all take. */
  #missing(): MissingObject[] {
    const others = [...this.#session.targets.keys()].filter((id) => this.#copier.isSource(id));
    const need = { target: this.#target.id, recipients: this.#lane.recipients };
    const missing = this.#receipts.missingOn(this.#lane.maker, need, this.#lane.codec, others, canReadAtOnce(this.#session));
    return missing.filter((object) => object.seal || this.#target.acceptsName(object.name));
  }

  async #copyObjects(missing: readonly MissingObject[]): Promise<void> {
    if (missing.length === 0) return;
    const size = missing.reduce((sum, object) => sum + object.size, 0);
    this.#tell('note', `copying ${formatCount(missing.length, 'object')} (${formatBytes(size)}) that it lacks from ${[...new Set(missing.map((object) => object.from))].join(', ')}`);
    const sender = this.#copier.sender('cold');
    await inParallel(missing, this.#copier.sideBySide(sender), async (object) => {
      if (this.#copier.isReachable) await this.#copyObject(sender, object);
    });
  }

  async #copyObject(sender: ObjectSender, object: MissingObject): Promise<void> {
    const { catalog } = this.#session;
    const { recipients } = this.#lane;
    const vanished = object.seal ? this.#receipts.vanishedObject(`${object.name}.age`, object.volume, recipients!) : null;
    // A sealed copy takes the place of one that is gone: manifests know it by its name. It never takes the name of one that
    // is there, or was sealed to other keys.
    const name = !object.seal ? object.name : vanished === null ? this.#sealedName(object) : `${object.name}.age`;
    const sent = await this.#copier.copy(sender, { ...object, name, fromName: object.name });
    if (sent === 'damaged') {
      this.#receipts.remove(object.id, object.from);
      catalog.flush();
      return;
    }
    const receipt = sent?.receipts.get(this.#target.id);
    if (!sent || !receipt) return;
    const { size, sha256 } = sent;
    if (vanished !== null) this.#objects.remake(vanished, size, sha256);
    const add = (): number => this.#objects.add({ ...object, name, size, sha256, frames: this.#objects.framesOf(object.id), recipients: [...recipients!] });
    this.#receipts.add(object.seal ? (vanished ?? add()) : object.id, this.#target.id, receipt, this.#session.startedAt);
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
    const others = this.#lane.targets.filter((id) => this.#copier.isSource(id) && this.#receipts.holdsAllOf(this.#target.id, id));
    const held = new Set(manifests.on(this.#target.id).map((manifest) => manifest.snapshot));
    const sender = this.#copier.sender('hot');
    await basesFirst(manifests.missingOn(this.#target.id, others), held, this.#copier.sideBySide(sender), async (manifest) => {
      return this.#copier.isReachable && (await this.#copyManifest(sender, manifest));
    });
  }

  async #copyManifest(sender: ObjectSender, manifest: ManifestRecord & { from: string }): Promise<boolean> {
    const { name, size, sha256, from } = manifest;
    if (sha256 === null || !this.#hasAllOf(manifest)) return false;
    const sent = await this.#copier.copy(sender, { name, from, fromName: name, size, sha256, seal: false });
    if (sent === null || sent === 'damaged' || !sent.receipts.has(this.#target.id)) return false;
    new Manifests(this.#session.catalog).addCopy({ ...manifest, target: this.#target.id }, from);
    this.#session.catalog.flush();
    return true;
  }

  /** Written again since, a manifest may speak of volumes of later runs. */
  #hasAllOf({ snapshot, volumes }: ManifestRecord): boolean {
    if (volumes !== null) return this.#receipts.holdsVolumes(this.#target.id, volumes);
    return this.#receipts.holdsAllUpTo(this.#target.id, this.#lane.maker, runOfSnapshot(snapshot));
  }

  #sayLost({ fromName, from }: Copy, error: BatError): void {
    const message = error.code === 'OBJECT_DAMAGED' ? `${fromName} on ${from} is damaged and was not copied; what the sources still have of it is stored again` : `${fromName} could not be copied from ${from}: ${error.message}`;
    this.#tell('lost', message);
  }

  #tell(kind: 'note' | 'lost', message: string): void {
    this.#session.emit({ type: 'issue', target: this.#target.id, issue: { kind, message } });
  }
}
