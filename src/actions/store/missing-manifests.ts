/** Manifests that a signed list names, held against what the target has. */
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { formatCount } from '../../core/units.ts';
import { pinnedOn, seenOf } from '../../runner/pins.ts';
import { readSignedList } from '../../runner/read-signed-lists.ts';
import type { Target } from '../../targets/target.ts';
import { parseManifestName } from '../../volume/names.ts';
import type { SignedList } from '../../volume/signed-list.ts';
import { acceptHint, type Doubts } from './doubts.ts';
import { toStored, type StoredSnapshot } from './list.ts';

export interface Listed {
  target: Target;
  store: string;
  listed: readonly StoredSnapshot[];
  lists: SignedList[];
  trust: Doubts;
  signal: AbortSignal;
}

const mostNamed = 3;

/**
 * Those that are there and were not listed, as a listing may show late what was stored. Throws MANIFEST_CUT_OFF for those that are gone.
 * A list that was written meanwhile takes the place of the one before in `lists`.
 */
export async function missingFrom({ target, store, listed, lists, trust, signal }: Listed): Promise<StoredSnapshot[]> {
  const late = new Map<string, StoredSnapshot>();
  const names = new Set(listed.map(({ manifestName }) => manifestName));
  const ids = new Set(listed.map(({ id }) => id));
  const find = async (list: SignedList): Promise<string[]> => {
    const gone: string[] = [];
    await inParallel(list.manifests.filter(({ name }) => !names.has(name)), target.capabilities.parallel, async ({ name }) => {
      const parsed = parseManifestName(name);
      // Of two manifests of a snapshot a listing gives one.
      if (!parsed || ids.has(parsed.snapshot) || late.has(name)) return;
      const stat = await target.stat(name, signal);
      const stored = stat && toStored(stat);
      if (stored) late.set(name, stored);
      else gone.push(name);
    });
    return gone;
  };
  for (const [index, list] of lists.entries()) {
    let gone = await find(list);
    if (gone.length > 0) {
      // Whoever removes manifests writes the list first: it may just have been done.
      const again = await readSignedList(target, list.signer, signal);
      if (again && again.serial > list.serial) {
        lists[index] = again;
        gone = await find(again);
      }
    }
    const { newest } = seenOf(trust.pins.state, target.id, store)[list.signer] ?? {};
    const isNewer = newest !== undefined && newest.serial > list.serial && !names.has(newest.name) && !late.has(newest.name);
    if (isNewer && !(await target.stat(newest.name, signal))) gone.push(newest.name);
    if (gone.length > 0) trust.doubt(target, cutOff(target, gone.sort()));
    if (isNewer) trust.pins.update((state) => void delete pinnedOn(state, target.id, store)[list.signer]?.newest);
  }
  return [...late.values()];
}

function cutOff(target: Target, gone: readonly string[]): BatError {
  const named = gone.slice(0, mostNamed).join(', ') + (gone.length > mostNamed ? ', …' : '');
  return new BatError('MANIFEST_CUT_OFF', `${formatCount(gone.length, 'manifest')} that the signed list names ${gone.length === 1 ? 'is' : 'are'} gone from ${target.location}: ${named}.`, { hint: acceptHint, subject: gone[0]! });
}
