/** Copies objects from one target of a plan to another: checked by SHA-256 on the way, and sealed on the way where that is asked for. */
import { createHash } from 'node:crypto';
import { BatError, type ErrorCode } from '../core/errors.ts';
import { readAgain } from '../core/read-again.ts';
import { ObjectSender, type SentObject } from '../steps/shared/object-sender.ts';
import type { Lane } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import type { Session } from './session.ts';

export interface Copy {
  name: string;
  from: string;
  fromName: string;
  size: number;
  /** Of what is read. */
  sha256: Buffer;
  seal: boolean;
}

export interface CopierOptions {
  session: Session;
  /** What it copies to. A failure of this one gives it up in the session. */
  target: Target;
  newSealer: Lane['newSealer'];
  /** An object that the other target could not give, or not as it was stored: `error` says which. */
  onLost(copy: Copy, error: BatError): void;
  /** Bytes that the target has taken. */
  onSent?(bytes: number): void;
}

/** What speaks of one object only. After anything else the next one would fail as well, each after all its tries. */
const objectCodes: ReadonlySet<ErrorCode> = new Set(['OBJECT_MISSING', 'OBJECT_DAMAGED', 'OBJECT_COLD']);
/** What is fetched from the other target at a time. */
const BLOCK = 4 * 1024 * 1024;

export class ObjectCopier {
  readonly #options: CopierOptions;

  constructor(options: CopierOptions) {
    this.#options = options;
  }

  /** Whether another target may have something to give. */
  isSource(id: string): boolean {
    const { targets, unreadable } = this.#options.session;
    return id !== this.#options.target.id && targets.has(id) && !unreadable.has(id);
  }

  get isReachable(): boolean {
    return this.#options.session.targets.has(this.#options.target.id);
  }

  /** How many copies go side by side. */
  sideBySide(sender: ObjectSender): number {
    return Math.min(this.#options.target.capabilities.parallel, sender.sideBySide);
  }

  sender(temperature: 'hot' | 'cold'): ObjectSender {
    const { session, target, onSent } = this.#options;
    return new ObjectSender({
      targets: [target],
      temperature,
      signal: session.signal,
      onFailure: session.giveUp,
      isGivenUp: () => !this.isReachable,
      onSent: (_id, bytes) => onSent?.(bytes),
    });
  }

  /**
   * Nothing of it is stored unless what was read is what it should be. `damaged`: it lies on the other target with other bytes. Null if that
   * one could not give it, or this one fails.
   */
  async copy(sender: ObjectSender, copy: Copy): Promise<SentObject | 'damaged' | null> {
    const { session, onLost } = this.#options;
    let wrong: Buffer | null = null;
    try {
      const sent = await readAgain(async () => {
        const result = await this.#copyOnce(sender, copy);
        if (!Buffer.isBuffer(result)) return result;
        // The same bytes twice: they lie there so.
        if (wrong?.equals(result)) return 'damaged';
        wrong = result;
        throw damaged(copy);
      });
      if (sent === 'damaged') onLost(copy, damaged(copy));
      return sent;
    } catch (error) {
      session.signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      if (!objectCodes.has(error.code)) session.unreadable.add(copy.from);
      onLost(copy, error);
      return error.code === 'OBJECT_DAMAGED' ? 'damaged' : null;
    }
  }

  /** Where other bytes came than those that were stored, their SHA-256. */
  async #copyOnce(sender: ObjectSender, copy: Copy): Promise<SentObject | Buffer | null> {
    const { session, newSealer } = this.#options;
    const source = session.targets.get(copy.from);
    if (!source || !this.isSource(copy.from)) return null;
    const outgoing = sender.begin(copy.name, { largest: copy.size });
    const read = createHash('sha256');
    try {
      const sealer = copy.seal ? await newSealer!() : null;
      if (sealer) await outgoing.write(sealer.header);
      for (let offset = 0; offset < copy.size && this.isReachable; offset += BLOCK) {
        const bytes = await source.read(copy.fromName, offset, Math.min(BLOCK, copy.size - offset), session.signal);
        read.update(bytes);
        for (const piece of sealer ? sealer.update(bytes) : [bytes]) await outgoing.write(piece);
      }
      const sha256 = read.digest();
      if (!this.isReachable || !sha256.equals(copy.sha256)) {
        await outgoing.discard();
        return this.isReachable ? sha256 : null;
      }
      for (const piece of sealer?.final() ?? []) await outgoing.write(piece);
      return await outgoing.close();
    } catch (error) {
      await outgoing.discard();
      throw error;
    }
  }
}

function damaged({ fromName, from }: Copy): BatError {
  return new BatError('OBJECT_DAMAGED', `${fromName} on ${from} is damaged.`, { subject: fromName });
}
