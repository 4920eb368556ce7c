/** The volumes and single files of a target: there, in their size, and where they are read, the bytes that were stored. */
import type { Catalog } from '../../catalog/catalog.ts';
import type { Checks } from '../../catalog/checks.ts';
import { Objects } from '../../catalog/objects.ts';
import { Sufferers } from '../../catalog/sufferers.ts';
import type { ObjectToCheck, VerifyList } from '../../catalog/verify-list.ts';
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { ObjectStat, Target } from '../../targets/target.ts';
import { openKeyRing, type KeyRing } from '../../volume/age.ts';
import { budgetOf, isInPart, nameOfAmount } from './amount.ts';
import { sizeMessage } from './check-help.ts';
import type { Finding, Problem, TargetVerified, VerifyOptions } from './contract.ts';
import { problemOf, type Damage } from './damage.ts';
import type { Notes } from './notes.ts';
import { readObject, type ReadOutcome } from './read-object.ts';
import { sideBySide } from './side-by-side.ts';

interface Around {
  options: VerifyOptions;
  catalog: Catalog;
  target: Target;
  list: VerifyList;
  /** The target's listing tells it all; else each object is asked for. */
  isListed: boolean;
  checks: Checks;
  notes: Notes;
  /** ISO 8601. */
  started: string;
  summary: TargetVerified;
  damage: Damage;
  /** Null where nothing is to be decoded. */
  keys: KeyRing | null;
  /** What bat stored these bytes as. */
  nameOf(this: void, sha256: Buffer): string | null;
  found(this: void, finding: Omit<Finding, 'target'>): void;
}

/** Objects between two words of progress. */
const betweenWords = 1000;

export class ObjectsCheck {
  readonly #around: Around;

  constructor(around: Around) {
    this.#around = around;
  }

  /** Without reading: is each there, in its size, and does the store say of it what it said when it was stored. */
  async look(): Promise<void> {
    const { options, target, list, isListed } = this.#around;
    let objects = 0;
    await inParallel(list.objects('unseen'), isListed ? 1 : target.capabilities.parallel, async (object) => {
      const { stat, damage } = isListed ? { stat: object.listed, damage: null } : await this.#ask(object.name);
      if (damage) this.#bad(object, 'damaged', damage.message);
      else if (!stat) this.#bad(object, 'missing', 'is not there');
      else if (stat.size !== object.size) this.#bad(object, 'size', sizeMessage(stat.size, object.size));
      else this.#sound(object, stat);
      if (++objects % betweenWords !== 0) return;
      options.tell({ type: 'listing', target: target.id, objects });
      await new Promise(setImmediate);
      options.signal.throwIfAborted();
    });
  }

  /** What the store says of them has changed. That may be harmless, and only the bytes tell. */
  async readDoubtful(): Promise<void> {
    const { list, target } = this.#around;
    await inParallel(list.objects('doubtful'), sideBySide(target), async (object) => {
      if (this.#isCold(object)) this.#bad(object, 'damaged', 'has another checksum than when it was stored, and lies in cold storage, where it cannot be looked at');
      else await this.#read(object);
    });
  }

  async readSound(): Promise<void> {
    const { options, target, checks, started, summary } = this.#around;
    const { amount, keys, tell } = options;
    // One that was broken off goes on: what it had read is not read once more.
    const goesOn = amount.kind === 'everything' || amount.kind === 'part';
    const since = goesOn ? checks.begin(target.id, `${nameOfAmount(amount)} ${keys ? 'decoded' : 'checksum'}`, started) : started;
    const total = { objects: summary.readObjects, bytes: summary.readBytes };
    for (const { size } of this.#chosen(since, () => summary.cold++)) {
      total.objects++;
      total.bytes += size;
    }
    await inParallel(this.#chosen(since), sideBySide(target), async (object) => {
      await this.#read(object);
      tell({ type: 'reading', target: target.id, objects: summary.readObjects, bytes: summary.readBytes, totalObjects: total.objects, totalBytes: total.bytes });
    });
  }

  /** What is to be read, what was not read for the longest time first. */
  *#chosen(since: string, onCold: () => void = () => {}): Generator<ObjectToCheck> {
    const { options, list, summary } = this.#around;
    let left = budgetOf(options.amount, summary.bytes);
    for (const object of list.objects('sound')) {
      if (left <= 0) return;
      if (!isInPart(options.amount, object.name) || (object.read !== null && object.read >= since)) continue;
      if (this.#isCold(object)) {
        onCold();
        continue;
      }
      left -= object.size;
      yield object;
    }
  }

  async #read(object: ObjectToCheck): Promise<void> {
    const { catalog, target, options, notes, summary, keys } = this.#around;
    const decoding = keys || !object.sealed ? { keys: keys ?? openKeyRing([]), frames: new Objects(catalog).framesOf(object.id), chunks: new Sufferers(catalog).chunksOf(object.volume) } : null;
    let outcome: ReadOutcome;
    try {
      outcome = await readObject(object, (offset, length) => target.read(object.name, offset, length, options.signal), decoding);
    } catch (error) {
      const problem = problemOf(error);
      if (error instanceof BatError && error.code === 'OBJECT_COLD') summary.cold++;
      else if (problem) this.#bad(object, problem, problem === 'missing' ? 'is not there' : (error as BatError).message);
      else throw error;
      return;
    }
    summary.readObjects++;
    summary.readBytes += object.size;
    if (keys && !outcome.isDecoded) summary.withoutKey++;
    summary.how = outcome.isDecoded && (summary.readObjects === 1 || summary.how === 'decoded') ? 'decoded' : 'checksum';
    if (outcome.isRight && (outcome.lost?.length ?? 0) === 0) notes.add(object.id, outcome.isDecoded ? 'decoded' : 'checksum');
    else this.#tellRead(object, outcome);
  }

  #tellRead(object: ObjectToCheck, { isRight, sha256, lost, reason }: ReadOutcome): void {
    const other = sha256 && !isRight ? this.#around.nameOf(sha256) : null;
    if (isRight) this.#bad(object, 'unreadable', `is what was stored, and cannot be decoded: ${reason}`, lost);
    else if (other !== null && other !== object.name) this.#bad(object, 'replaced', `holds the bytes of ${other}`, lost);
    else this.#bad(object, 'damaged', 'holds other bytes than were stored', lost);
  }

  async #ask(name: string): Promise<{ stat: ObjectStat | null; damage: BatError | null }> {
    const { target, options } = this.#around;
    try {
      return { stat: await (target.inspect ? target.inspect(name, options.signal) : target.stat(name, options.signal)), damage: null };
    } catch (error) {
      if (problemOf(error) !== 'damaged') throw error;
      return { stat: null, damage: error as BatError };
    }
  }

  #isCold({ storageClass }: ObjectToCheck): boolean {
    return storageClass !== null && (this.#around.target.coldStorage?.isCold(storageClass) ?? false);
  }

  #sound(object: ObjectToCheck, { checksum }: Pick<ObjectToCheck, 'checksum'> | ObjectStat): void {
    const { list, notes } = this.#around;
    const isSame = isSameChecksum(checksum, object.checksum);
    list.setState(object.number, isSame ? 'sound' : 'doubtful');
    if (isSame) notes.add(object.id, 'listed');
  }

  /** `lost`: ids of the chunks that cannot be had; all of them unless it is known which. */
  #bad(object: ObjectToCheck, problem: Problem, message: string, lost: readonly number[] | null = null): void {
    const { list, checks, catalog, target, damage, found } = this.#around;
    list.setState(object.number, 'bad');
    if (!list.isStillHeld(object)) return;
    checks.forget(target.id, object.id);
    const { id, volume, name, size, sha256 } = object;
    damage.objects.push({ id, volume, name, size, sha256 });
    if (lost) for (const chunk of lost) damage.lost.add(chunk);
    else new Sufferers(catalog).addChunksOf(volume, damage.lost);
    found({ kind: 'object', name, problem, message, elsewhere: list.othersWith(volume) });
  }
}

/** A tag is called `etag` or `md5` by what is known of it: the value counts. True where one of the two says nothing. */
function isSameChecksum(one: string | undefined, other: string | undefined): boolean {
  const value = (checksum: string): string => checksum.slice(checksum.indexOf(':') + 1);
  return one === undefined || other === undefined || value(one) === value(other);
}
