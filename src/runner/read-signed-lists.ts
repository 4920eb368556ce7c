/** The signed lists on a target. */
import { BatError } from '../core/errors.ts';
import { readAgain } from '../core/read-again.ts';
import type { Target } from '../targets/target.ts';
import { decodeSignedList, signedFolder, signedListName, type SignedList } from '../volume/signed-list.ts';

/** A list that grew larger than this is nobody's: a manifest takes about 200 bytes in it. */
const largest = 64 * 1024 * 1024;

/** Null if there is none. Throws MANIFEST_FORGED if it does not bear the signature of that signer. */
export async function readSignedList(target: Target, signer: string, signal: AbortSignal | undefined): Promise<SignedList | null> {
  return readAgain(async () => readOne(target, signedListName(signer), signer, signal));
}

/** Of all signers. Throws MANIFEST_FORGED if one of them does not bear its signature. */
export async function readSignedLists(target: Target, signal: AbortSignal | undefined): Promise<SignedList[]> {
  const lists: SignedList[] = [];
  for (const name of await namesOn(target, signal)) {
    const list = await readAgain(async () => readOne(target, name, null, signal));
    if (list) lists.push(list);
  }
  return lists;
}

/** Of all signers, or of these only; what is no genuine list proves nothing, and is passed over. */
export async function readSoundLists(target: Target, signers: Iterable<string> | 'all', signal: AbortSignal | undefined): Promise<SignedList[]> {
  const names = signers === 'all' ? await namesOn(target, signal) : [...signers].map(signedListName);
  const lists: SignedList[] = [];
  for (const name of names) {
    try {
      const list = await readAgain(async () => readOne(target, name, null, signal));
      if (list) lists.push(list);
    } catch (error) {
      if (!(error instanceof BatError) || error.code !== 'MANIFEST_FORGED') throw error;
    }
  }
  return lists;
}

async function namesOn(target: Target, signal: AbortSignal | undefined): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of target.list(signedFolder, signal)) if (/^signed\/[0-9a-f]{16}\.json$/.test(name)) names.push(name);
  return names.sort();
}

async function readOne(target: Target, name: string, signer: string | null, signal: AbortSignal | undefined): Promise<SignedList | null> {
  const stat = await target.stat(name, signal);
  if (!stat) return null;
  const subject = `${target.location}/${name}`;
  const found = stat.size > largest ? null : decodeSignedList(await target.read(name, 0, stat.size, signal), subject);
  if (!found) throw forged(subject, 'is damaged, or no signed list');
  if (!found.isGenuine || signedListName(found.list.signer) !== name || (signer !== null && found.list.signer !== signer)) throw forged(subject, 'does not bear the signature of the one who should have written it');
  return found.list;
}

function forged(subject: string, what: string): BatError {
  return new BatError('MANIFEST_FORGED', `${subject} ${what}.`, { hint: 'Restore from another target. The next run of the machine that writes there makes it anew.', subject });
}
