/** Writes the signed list of a target: all manifests that this catalog keeps there. */
import { dirname } from 'node:path';
import { Manifests } from '../catalog/manifests.ts';
import { Stores } from '../catalog/stores.ts';
import { nextSerial, publicKeyOf, replacedSigner, signerOf } from '../steps/shared/signing-key.ts';
import type { Target } from '../targets/target.ts';
import { signerId } from '../volume/signature.ts';
import { signedListName, type SignedList, type SignedManifest } from '../volume/signed-list.ts';
import { encodeSignedList } from '../volume/signed-list-writing.ts';
import { noteSeen, pinnedOn, Pins } from './pins.ts';
import { readSoundLists } from './read-signed-lists.ts';
import type { Session } from './session.ts';
import { takePlaces } from './succession.ts';

/**
 * Called after manifests were written, and before any is removed or forgotten, with the names of those in `without`: a kill in between
 * leaves one too many, and never one missing that the list still names. Under the plan's lock. Throws what the target does, STATE_FAILED.
 */
export async function writeSignedList(
  { catalog, plan, emit, signal }: Pick<Session, 'catalog' | 'plan' | 'emit' | 'signal'>,
  target: Target,
  { without = new Set() }: { without?: ReadonlySet<string> } = {},
): Promise<void> {
  const store = new Stores(catalog).storeOf(target.id);
  if (store === null) return;
  const signer = signerOf(catalog);
  const pins = new Pins(dirname(catalog.file));
  const isFirst = pins.state.signers.length === 0;
  const others = await listsOfOthers({ catalog, plan, signal }, target);
  const ahead = takePlaces({ catalog, target: target.id, store }, others, null);
  for (const { signer: other } of ahead) emit({ type: 'issue', target: target.id, issue: { kind: 'note', message: `the signer ${signerId(other)}, whose snapshots this catalog had taken in, has stored others here since: \`bat sync --adopt\` takes them in, too` } });
  const later = latestOf(others.filter((list) => list.store === store));
  const manifests = new Manifests(catalog).on(target.id).filter(({ name }) => !without.has(name));
  const list: Omit<SignedList, 'signer'> = {
    plan: plan.name,
    store,
    serial: nextSerial(catalog),
    time: new Date().toISOString(),
    succeeds: [...new Stores(catalog).readSigners(target.id, store)].map(([signer, serial]) => ({ signer, serial })),
    manifests: manifests.map(({ name, size, sha256, serial }) => {
      const other = later.get(name);
      if (other && other.serial! > (serial ?? 0)) return other;
      return { name, size, sha256: sha256?.toString('hex') ?? null, serial };
    }),
  };
  await target.put(signedListName(signer.publicKey), encodeSignedList(list, signer), { temperature: 'hot', signal });
  pins.update((state) => {
    const seen = pinnedOn(state, target.id, store);
    for (const other of isFirst ? others : []) {
      if (!state.signers.includes(other.signer)) state.signers.push(other.signer);
      if (other.store === store) noteSeen(seen, other.signer, { list: other.serial });
    }
    if (!state.signers.includes(signer.publicKey)) state.signers.push(signer.publicKey);
    noteSeen(seen, signer.publicKey, { list: list.serial });
  });
}

/** The genuine lists on a target by those whom this machine knows; by all where it knows nobody: whoever has written there before it came. */
export async function listsOfOthers({ catalog, plan, signal }: Pick<Session, 'catalog' | 'plan' | 'signal'>, target: Target): Promise<SignedList[]> {
  const { signers } = new Pins(dirname(catalog.file)).state;
  const own = publicKeyOf(catalog);
  const others = [...new Set([...signers, ...plan.signers])].filter((other) => other !== own);
  return readSoundLists(target, signers.length === 0 ? 'all' : others, signal);
}

/** What others have written under a name may be later than what this catalog knows of it: then that is what must not be rolled back. */
function latestOf(lists: readonly SignedList[]): Map<string, SignedManifest> {
  const latest = new Map<string, SignedManifest>();
  for (const { manifests } of lists) {
    for (const entry of manifests) if (entry.serial !== null && entry.serial > (latest.get(entry.name)?.serial ?? 0)) latest.set(entry.name, entry);
  }
  return latest;
}

/** Says what readers have to be told: that the key is another one, or none of those that the plan names. */
export function tellSigner({ catalog, plan, emit }: Pick<Session, 'catalog' | 'plan' | 'emit'>): void {
  const { publicKey } = signerOf(catalog);
  const before = replacedSigner(catalog);
  const tell = (message: string): void => emit({ type: 'issue', issue: { kind: 'note', message } });
  if (before !== null) tell(`the signing key of this catalog, ${before}, is gone, and a new one was made: readers that know the old one ask for --accept once, or for \`signer: [${before}, ${publicKey}]\` in the plan`);
  if (plan.signers.length > 0 && !plan.signers.includes(publicKey)) tell(`this machine signs as ${publicKey}, which \`signer:\` of the plan does not name: readers elsewhere refuse what it writes`);
}
