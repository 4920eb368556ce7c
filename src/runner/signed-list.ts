/** Writes the signed list of a target: all manifests that this catalog keeps there. */
import { dirname } from 'node:path';
import { Manifests } from '../catalog/manifests.ts';
import { Stores } from '../catalog/stores.ts';
import { BatError } from '../core/errors.ts';
import { nextSerial, replacedSigner, signerOf } from '../steps/shared/signing-key.ts';
import type { Target } from '../targets/target.ts';
import { encodeSignedList, signedListName, type SignedList } from '../volume/signed-list.ts';
import { noteSeen, pinnedOn, Pins } from './pins.ts';
import { readSignedLists } from './read-signed-lists.ts';
import type { Session } from './session.ts';

/**
 * Called after manifests were written, and before any is removed or forgotten, with the names of those in `without`: a kill in between
 * leaves one too many, and never one missing that the list still names. Under the plan's lock. Throws what the target does, STATE_FAILED.
 */
export async function writeSignedList(
  { catalog, plan, signal }: Pick<Session, 'catalog' | 'plan' | 'signal'>,
  target: Target,
  { without = new Set() }: { without?: ReadonlySet<string> } = {},
): Promise<void> {
  const store = new Stores(catalog).storeOf(target.id);
  if (store === null) return;
  const signer = signerOf(catalog);
  const pins = new Pins(dirname(catalog.file));
  const others = pins.state.signers.length === 0 ? await firstSeen(target, signal) : [];
  const manifests = new Manifests(catalog).on(target.id).filter(({ name }) => !without.has(name));
  const list: Omit<SignedList, 'signer'> = {
    plan: plan.name,
    store,
    serial: nextSerial(catalog),
    time: new Date().toISOString(),
    manifests: manifests.map(({ name, size, sha256, serial }) => ({ name, size, sha256: sha256?.toString('hex') ?? null, serial })),
  };
  await target.put(signedListName(signer.publicKey), encodeSignedList(list, signer), { temperature: 'hot', signal });
  pins.update((state) => {
    const seen = pinnedOn(state, target.id, store);
    for (const other of others) {
      if (!state.signers.includes(other.signer)) state.signers.push(other.signer);
      if (other.store === store) noteSeen(seen, other.signer, { list: other.serial });
    }
    if (!state.signers.includes(signer.publicKey)) state.signers.push(signer.publicKey);
    noteSeen(seen, signer.publicKey, { list: list.serial });
  });
}

/** Says what readers have to be told: that the key is another one, or none of those that the plan names. */
export function tellSigner({ catalog, plan, emit }: Pick<Session, 'catalog' | 'plan' | 'emit'>): void {
  const { publicKey } = signerOf(catalog);
  const before = replacedSigner(catalog);
  const tell = (message: string): void => emit({ type: 'issue', issue: { kind: 'note', message } });
  if (before !== null) tell(`the signing key of this catalog, ${before}, is gone, and a new one was made: readers that know the old one ask for --accept once, or for \`signer: [${before}, ${publicKey}]\` in the plan`);
  if (plan.signers.length > 0 && !plan.signers.includes(publicKey)) tell(`this machine signs as ${publicKey}, which \`signer:\` of the plan does not name: readers elsewhere refuse what it writes`);
}

/** Whoever has written there before this machine came. What is no genuine list proves nothing, and is left for readers to name. */
async function firstSeen(target: Target, signal: AbortSignal): Promise<SignedList[]> {
  try {
    return await readSignedLists(target, signal);
  } catch (error) {
    if (error instanceof BatError && error.code === 'MANIFEST_FORGED') return [];
    throw error;
  }
}
