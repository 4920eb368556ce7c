/**
 * What this machine has seen of the stores of a plan: by whom they are written, and how far they had come. A small file in the folder of
 * the plan's state. Who puts an old store, or one of his own, in the place of a store is found by it.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { isPublicKey } from '../volume/signature.ts';

/** Of one signer on one target: the highest serials that were seen. */
export interface Seen {
  /** Of its list; 0 for none. */
  list: number;
  /** The manifest with the highest serial. */
  newest?: { name: string; serial: number };
}

export interface PinnedState {
  /** Public keys. */
  signers: string[];
  /** By target. A copy of a whole disk has the same store and a life of its own. */
  targets: Record<string, { store: string; signers: Record<string, Seen> }>;
}

export class Pins {
  readonly file: string;
  #state: PinnedState | null = null;

  /** `folder`: of the plan's state. */
  constructor(folder: string) {
    this.file = join(folder, 'pins.json');
  }

  /** Throws STATE_FAILED. */
  get state(): Readonly<PinnedState> {
    return (this.#state ??= this.#read());
  }

  /** Changes what is pinned. The file is read anew, since another bat may have changed it. Throws STATE_FAILED. */
  update(change: (state: PinnedState) => void): void {
    const state = this.#read();
    const before = JSON.stringify(state);
    change(state);
    this.#state = state;
    if (JSON.stringify(state) === before) return;
    try {
      makeFolder(dirname(this.file), 0o700);
      writeFileAtomic.sync(this.file, `${JSON.stringify({ version: 1, ...state }, null, 2)}\n`, { mode: 0o600 });
    } catch (error) {
      throw new BatError('STATE_FAILED', `What is known of the stores of this plan cannot be written: ${systemReason(error)} (${this.file}).`, {
        hint: 'Check the folder, or set `state:` in the plan.',
        cause: error,
        subject: this.file,
      });
    }
  }

  #read(): PinnedState {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return { signers: [], targets: {} };
      throw damaged(this.file, systemReason(error), error);
    }
    try {
      const { signers, targets } = JSON.parse(text) as Partial<PinnedState>;
      if (Array.isArray(signers) && signers.every(isPublicKey) && isMap(targets) && Object.values(targets).every(({ signers: seen }) => isMap(seen))) return { signers, targets };
    } catch {
      // Said below.
    }
    throw damaged(this.file, 'it is not what bat writes');
  }
}

/** What was seen of a target, by signer; nothing if it is another store now. */
export function seenOf({ targets }: Readonly<PinnedState>, target: string, store: string): Record<string, Seen> {
  const pinned = targets[target];
  return pinned?.store === store ? pinned.signers : {};
}

/** The same, to be changed. What was seen of another store in its place is forgotten. */
export function pinnedOn(state: PinnedState, target: string, store: string): Record<string, Seen> {
  const signers = seenOf(state, target, store);
  state.targets[target] = { store, signers };
  return signers;
}

/** Notes the highest serials. */
export function noteSeen(signers: Record<string, Seen>, signer: string, seen: Partial<Seen>): void {
  const before = (signers[signer] ??= { list: 0 });
  before.list = Math.max(before.list, seen.list ?? 0);
  if (seen.newest && seen.newest.serial > (before.newest?.serial ?? 0)) before.newest = seen.newest;
}

function isMap(value: unknown): value is Record<string, never> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(file: string, reason: string, cause?: unknown): BatError {
  return new BatError('STATE_FAILED', `What is known of the stores of this plan cannot be read: ${reason} (${file}).`, {
    hint: 'Mend the file, or move it away: then who has written a store is taken on trust once more.',
    cause,
    subject: file,
  });
}
