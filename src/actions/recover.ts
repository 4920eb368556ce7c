/** What a bare machine needs to come back: which plans and snapshots are at an address, and the plan itself: `bat recover`. */
import { writeFile } from 'node:fs/promises';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import { readMarker } from '../runner/mark-targets.ts';
import type { Target } from '../targets/target.ts';
import type { PlanFile } from '../volume/manifest.ts';
import type { Place } from './recover/place.ts';
import { listSnapshots, openKeys, readSnapshot, type KeyInputs, type StoredSnapshot } from './store.ts';
import { once } from './store/keys.ts';
import { currentLists } from './store/successors.ts';
import { Trust } from './store/trust.ts';

export { choosePlan, openPlace, type Place } from './recover/place.ts';

export interface RecoverOptions {
  environment: NodeJS.ProcessEnv;
  /** What is doubtful is taken all the same. */
  accept: boolean;
  emit: Emit;
  signal: AbortSignal;
}

export interface RecoverablePlan {
  plan: string;
  /** Where it lies, for a person. */
  location: string;
  /** The machines that have written there, oldest first. */
  hosts: string[];
  /** The public keys of those who are trusted and keep a signed list there that nobody has succeeded. */
  signers: string[];
  snapshots: StoredSnapshot[];
}

/** Whom a machine trusts that has no plan: who was seen first, pinned in the state folder that the plan will have. */
export function trustFor(plan: string, { environment, accept, emit }: RecoverOptions): Trust {
  return new Trust({ plan: { name: plan, state: null, signers: [] }, environment, accept, emit });
}

/** One plan of a place, without a key. Throws what the target says, and the codes of Trust. */
export async function lookAtPlan(place: Place, plan: string, options: RecoverOptions, trust = trustFor(plan, options)): Promise<RecoverablePlan> {
  const target = place.target(plan);
  try {
    await target.connect({ create: false, signal: options.signal });
    const snapshots = await trust.look(target, await listSnapshots(target, options.signal), options.signal);
    const marker = await readMarker(target, options.signal).catch((error: unknown) => {
      if (error instanceof BatError && error.code === 'OBJECT_DAMAGED') return null;
      throw error;
    });
    const hosts = [...new Set(marker?.writers.map(({ host }) => host) ?? [])];
    return { plan, location: target.location, hosts, signers: currentLists(trust.listsOn(target.id)).map(({ signer }) => signer), snapshots };
  } finally {
    await target.close();
  }
}

/** The file of the plan as the newest of these snapshots has it. Throws NOTHING_STORED where none has one, and the codes of readSnapshot. */
export async function readPlanFile(target: Target, snapshots: readonly StoredSnapshot[], keys: KeyInputs, signal: AbortSignal): Promise<PlanFile> {
  const newest = snapshots.at(-1);
  let found: PlanFile | undefined;
  if (newest) {
    const ring = once(() => openKeys(target, keys, signal));
    // To its end: before that it is not known to be by its signer.
    for await (const { depth, line } of readSnapshot(target, newest.id, ring, { stored: snapshots, signal })) {
      if (depth === 0 && line.kind === 'header') found = line.header.planFile;
    }
  }
  if (found) return found;
  throw new BatError('NOTHING_STORED', `The plan does not lie on ${target.location}: an older bat wrote its manifests.`, { hint: 'Restores work without it. Write a new plan with `bat init`.', subject: target.location });
}

/** Writes over nothing. Throws USAGE, DISK_FAILED. */
export async function writePlanFile(file: string, { text }: PlanFile): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw new BatError('USAGE', `${file} exists already, and is not written over.`, { hint: 'Name another file with --write-plan.', subject: file });
    throw new BatError('DISK_FAILED', `${file} cannot be written: ${systemReason(error)}.`, { hint: 'Name another file with --write-plan.', cause: error, subject: file });
  }
}
