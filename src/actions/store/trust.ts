/**
 * Whether what a target gives was written by who should have written it, and is the latest of it. Anyone can encrypt to a public key, and who
 * can write to a target can put an old state of it back: manifests and the list of them are signed, and what was seen once is pinned.
 */
import type { Emit } from '../../core/events.ts';
import { BatError } from '../../core/errors.ts';
import { isUploadedTo } from '../../plan/copy-targets.ts';
import type { Plan } from '../../plan/plan.ts';
import { stateFiles } from '../../plan/state-folder.ts';
import { readMarker } from '../../runner/mark-targets.ts';
import { pinnedOn, Pins, seenOf } from '../../runner/pins.ts';
import { readSignedList, readSignedLists, readSoundLists } from '../../runner/read-signed-lists.ts';
import { readSigner, signingKeyFile } from '../../steps/shared/signing-key.ts';
import type { Target } from '../../targets/target.ts';
import { signerId } from '../../volume/signature.ts';
import { succeededIn, type SignedList, type Succeeded } from '../../volume/signed-list.ts';
import { acceptHint, type Doubts } from './doubts.ts';
import type { StoredSnapshot } from './list.ts';
import { cutOff, missingFrom, type Missing } from './missing-manifests.ts';
import { StoreTrust } from './store-trust.ts';
import { currentLists, judgedBySuccessors } from './successors.ts';

export interface TrustOptions {
  plan: Pick<Plan, 'name' | 'state' | 'signers'> & Partial<Pick<Plan, 'graph'>>;
  environment: NodeJS.ProcessEnv;
  /** What is doubtful is taken all the same, with a warning, and pinned. */
  accept: boolean;
  emit: Emit;
}

export class Trust implements Doubts {
  readonly pins: Pins;
  readonly accept: boolean;
  readonly #emit: Emit;
  readonly #planned: readonly string[];
  readonly #own: string | null;
  readonly #isForCopies: (target: string) => boolean;
  readonly #isFirst: boolean;
  readonly #said = new Set<string>();
  readonly #lists = new Map<string, readonly SignedList[]>();

  /** Throws STATE_FAILED. */
  constructor({ plan, environment, accept, emit }: TrustOptions) {
    const { folder } = stateFiles(plan, environment);
    this.pins = new Pins(folder);
    this.#isForCopies = (id) => plan.graph !== undefined && !isUploadedTo(plan.graph, id);
    this.accept = accept;
    this.#emit = emit;
    this.#planned = plan.signers;
    this.#own = readSigner(signingKeyFile(folder))?.publicKey ?? null;
    this.#isFirst = this.signers === null;
  }

  /** Who may have written here; null if nobody is known yet: then who has is pinned. */
  get signers(): ReadonlySet<string> | null {
    const pinned = this.#planned.length > 0 ? this.#planned : this.pins.state.signers;
    return pinned.length === 0 ? null : new Set([...pinned, ...(this.#own === null ? [] : [this.#own])]);
  }

  /**
   * What a target lists, each with what is known of it, and with what the target holds and does not list yet. Throws MANIFEST_FORGED,
   * MANIFEST_ROLLED_BACK, MANIFEST_CUT_OFF, TARGET_CHANGED, unless that is accepted.
   */
  async look(target: Target, listed: readonly StoredSnapshot[], signal: AbortSignal): Promise<StoredSnapshot[]> {
    const store = await this.#storeOf(target, listed.length === 0, signal);
    let lists = await this.#listsOn(target, store, signal);
    const find = (): Promise<Missing> => missingFrom({ target, listed, lists: judgedBySuccessors(lists), pins: this.pins.state, store, signal });
    let missing = await find();
    if (missing.gone.length > 0) {
      // Whoever removes manifests writes the list first: it may just have been done.
      lists = await this.#listsOn(target, store, signal);
      missing = await find();
    }
    if (missing.gone.length > 0) {
      const claims = await this.#claimsOn(target, store, lists, signal);
      this.doubt(target, cutOff(target, missing.gone, claims, this.#planned.length > 0));
      for (const { signer, succeeds } of claims) this.admit(target, signer, succeeds);
      lists.push(...claims);
      this.pins.update((state) => {
        for (const signer of missing.newestGone) delete pinnedOn(state, target.id, store)[signer]?.newest;
      });
    }
    for (const { signer, serial } of lists) this.#pin(target, store, signer, serial);
    this.#lists.set(target.id, lists);
    const trust = new StoreTrust(this, target, store, judgedBySuccessors(lists));
    const all = [...listed, ...missing.late].sort((a, b) => a.time.getTime() - b.time.getTime() || (a.id < b.id ? -1 : 1));
    for (const snapshot of all) snapshot.trust = trust;
    return all;
  }

  /**
   * What it means that the place of a target is not there at all: TARGET_CHANGED where this machine has seen backups there; null where it knows that none were
   * ever stored, since only a copy would fill it; else the error as it is.
   */
  explainAbsent(target: Target, error: BatError): BatError | null {
    const { targets } = this.pins.state;
    if (targets[target.id] !== undefined) return emptied(target);
    return this.#isForCopies(target.id) && Object.keys(targets).length > 0 ? null : error;
  }

  /** The signed lists on a target that was looked at, of those who are trusted. */
  listsOn(target: string): readonly SignedList[] {
    return this.#lists.get(target) ?? [];
  }

  /** Throws the error, or where it is accepted says it as a warning. */
  doubt(target: Target, error: BatError): void {
    if (!this.accept) throw error;
    const what = `${target.id}: ${error.message}`;
    if (this.#said.has(what)) return;
    this.#said.add(what);
    this.#emit({ type: 'issue', target: target.id, issue: { kind: 'doubtful', message: `${error.message} It is taken all the same.` } });
  }

  /** A signer that was not known. Where the plan says who signs, its word stays. */
  admit(target: Target, signer: string, succeeds: readonly Succeeded[] = []): void {
    if (this.#planned.length > 0 || this.pins.state.signers.includes(signer)) return;
    this.pins.update(({ signers }) => void (signers.includes(signer) || signers.push(signer)));
    const before = succeeds.length === 0 ? '' : `, who took the place of ${succeeds.map((one) => signerId(one.signer)).join(', ')}`;
    this.#emit({ type: 'issue', target: target.id, issue: { kind: 'note', message: `is written by the signer ${signerId(signer)}${before}${before === '' ? ', who' : ' and'} is trusted from now on: ${signer}` } });
  }

  /** The id of the store; empty where there is none to be read. */
  async #storeOf(target: Target, isEmpty: boolean, signal: AbortSignal): Promise<string> {
    const store = (await readMarker(target, signal).catch(unlessDamaged))?.store ?? '';
    const before = this.pins.state.targets[target.id]?.store;
    if (before !== undefined && store === '' && isEmpty && !this.accept) throw emptied(target);
    if (before !== undefined && before !== store) {
      this.doubt(target, new BatError('TARGET_CHANGED', `The target "${target.id}" is not the store that it was (${target.location}).`, {
        hint: 'Is it the right disk or place? If it is meant to be another one, add --accept once.',
        subject: target.id,
      }));
    }
    return store;
  }

  async #listsOn(target: Target, store: string, signal: AbortSignal): Promise<SignedList[]> {
    const known = this.signers;
    // On the first machine that looks, every target may bring its own: also the second one that is asked.
    if (known === null || this.#isFirst) {
      const found = await this.#orDoubt(target, () => readSignedLists(target, signal));
      // Nobody is trusted by a list that somebody brought from elsewhere.
      const current = (found ?? []).filter((list) => this.#isCurrent(target, store, list));
      for (const { signer, succeeds } of current) this.admit(target, signer, succeeds);
      return current;
    }
    const lists: SignedList[] = [];
    const absent: string[] = [];
    for (const signer of known) {
      const list = await this.#orDoubt(target, () => readSignedList(target, signer, signal));
      if (list && this.#isCurrent(target, store, list)) lists.push(list);
      if (list === null) absent.push(signer);
    }
    const succeeded = succeededIn(lists);
    for (const signer of absent) {
      const seen = seenOf(this.pins.state, target.id, store)[signer]?.list ?? 0;
      if (seen === 0 || seen <= (succeeded.get(signer) ?? 0)) continue;
      this.doubt(target, new BatError('MANIFEST_CUT_OFF', `The signed list of ${signerId(signer)} is gone from ${target.location}: what it named may be gone as well.`, { hint: acceptHint, subject: target.id }));
      this.pins.update((state) => void delete pinnedOn(state, target.id, store)[signer]);
    }
    return lists;
  }

  /** Lists of those who are not known, and who say that they succeed one of these. That alone proves nothing: anybody could say so. */
  async #claimsOn(target: Target, store: string, lists: readonly SignedList[], signal: AbortSignal): Promise<SignedList[]> {
    const others = await readSoundLists(target, 'all', signal);
    const isClaim = (list: SignedList): boolean => succeedsAny(list, lists) && !lists.some(({ signer }) => signer === list.signer);
    return currentLists(others.filter((list) => list.store === store && isClaim(list)));
  }

  #isCurrent(target: Target, store: string, list: SignedList): boolean {
    if (list.store !== store) {
      this.doubt(target, new BatError('MANIFEST_FORGED', `The signed list of ${signerId(list.signer)} on ${target.location} is of another store.`, { hint: acceptHint, subject: target.id }));
      return false;
    }
    const seen = seenOf(this.pins.state, target.id, store)[list.signer]?.list ?? 0;
    if (list.serial < seen) {
      this.doubt(target, new BatError('MANIFEST_ROLLED_BACK', `The signed list on ${target.location} is of ${list.time}, and a later one has been seen: an old state was put back.`, { hint: acceptHint, subject: target.id }));
    }
    return true;
  }

  #pin(target: Target, store: string, signer: string, serial: number): void {
    this.pins.update((state) => {
      const signers = pinnedOn(state, target.id, store);
      const { newest } = signers[signer] ?? {};
      // What is lower than what was seen has been accepted.
      signers[signer] = { list: serial, ...(newest ? { newest } : {}) };
    });
  }

  async #orDoubt<T>(target: Target, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BatError) || error.code !== 'MANIFEST_FORGED') throw error;
      this.doubt(target, error);
      return undefined;
    }
  }
}

function emptied({ id, location }: Target): BatError {
  return new BatError('TARGET_CHANGED', `The target "${id}" is empty, though backups were stored there (${location}).`, {
    hint: 'Is the disk mounted, and the right one? If it is meant to be empty, the next `bat run` needs --new-target once.',
    subject: id,
  });
}

function succeedsAny(list: SignedList, lists: readonly SignedList[]): boolean {
  const succeeded = succeededIn([list]);
  return lists.some(({ signer, serial }) => (succeeded.get(signer) ?? -1) >= serial);
}

/** A damaged marker is no marker: a restore works without. */
function unlessDamaged(error: unknown): null {
  if (error instanceof BatError && error.code === 'OBJECT_DAMAGED') return null;
  throw error;
}
