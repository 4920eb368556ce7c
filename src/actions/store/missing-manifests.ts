/** Manifests that signed lists name, or that were seen before, held against what the target has. */
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { formatCount } from '../../core/units.ts';
import { seenOf, type PinnedState } from '../../runner/pins.ts';
import type { Target } from '../../targets/target.ts';
import { parseManifestName } from '../../volume/names.ts';
import { signerId } from '../../volume/signature.ts';
import type { SignedList } from '../../volume/signed-list.ts';
import { acceptHint } from './doubts.ts';
import { toStored, type StoredSnapshot } from './list.ts';

export interface Listed {
  target: Target;
  store: string;
  listed: readonly StoredSnapshot[];
  /** What a successor answers for is not in them. */
  lists: readonly SignedList[];
  pins: Readonly<PinnedState>;
  signal: AbortSignal;
}

export interface Missing {
  /** Those that are there and were not listed, as a listing may show late what was stored. */
  late: StoredSnapshot[];
  /** Names of those that are gone, sorted. */
  gone: string[];
  /** Signers whose newest manifest, which was seen once, is gone. */
  newestGone: string[];
}

const mostNamed = 3;

export async function missingFrom({ target, store, listed, lists, pins, signal }: Listed): Promise<Missing> {
  const late = new Map<string, StoredSnapshot>();
  const gone = new Set<string>();
  const newestGone: string[] = [];
  const names = new Set(listed.map(({ manifestName }) => manifestName));
  const ids = new Set(listed.map(({ id }) => id));
  for (const { signer, serial, manifests } of lists) {
    await inParallel(manifests.filter(({ name }) => !names.has(name)), target.capabilities.parallel, async ({ name }) => {
      const parsed = parseManifestName(name);
      // Of two manifests of a snapshot a listing gives one.
      if (!parsed || ids.has(parsed.snapshot) || late.has(name)) return;
      const stat = await target.stat(name, signal);
      const stored = stat && toStored(stat);
      if (stored) late.set(name, stored);
      else gone.add(name);
    });
    const { newest } = seenOf(pins, target.id, store)[signer] ?? {};
    if (newest === undefined || newest.serial <= serial || names.has(newest.name) || late.has(newest.name)) continue;
    if (await target.stat(newest.name, signal)) continue;
    gone.add(newest.name);
    newestGone.push(signer);
  }
  return { late: [...late.values()], gone: [...gone].sort(), newestGone };
}

/** `claims`: lists of signers that are not known here, and that say that they are the successors of one who is. */
export function cutOff(target: Target, gone: readonly string[], claims: readonly SignedList[], isPlanned: boolean): BatError {
  const named = gone.slice(0, mostNamed).join(', ') + (gone.length > mostNamed ? ', …' : '');
  const message = `${formatCount(gone.length, 'manifest')} that the signed list names ${gone.length === 1 ? 'is' : 'are'} gone from ${target.location}: ${named}.`;
  if (claims.length === 0) return new BatError('MANIFEST_CUT_OFF', message, { hint: acceptHint, subject: gone[0]! });
  const who = claims.map(({ signer }) => signerId(signer)).join(', ');
  const keys = claims.map(({ signer }) => signer).join(', ');
  return new BatError('MANIFEST_CUT_OFF', `${message} The signer ${who}, who is not known here, says that it has taken this store over.`, {
    hint: `If that is your own machine, after it lost its state or beside another one of yours, ${isPlanned ? `name its key under \`signer:\` in the plan: ${keys}.` : `add --accept once to trust it from now on: ${keys}.`} If not, restore from another target.`,
    subject: gone[0]!,
  });
}
