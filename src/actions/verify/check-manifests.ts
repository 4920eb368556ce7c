/** The manifests that a target should hold, one by one. */
import type { Catalog } from '../../catalog/catalog.ts';
import type { Listing } from '../../catalog/listing.ts';
import { Manifests, type ManifestRecord } from '../../catalog/manifests.ts';
import type { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import type { Target } from '../../targets/target.ts';
import type { KeyRing } from '../../volume/age.ts';
import { sourceOfSnapshot } from '../../volume/names.ts';
import type { Finding, TargetVerified, VerifyOptions } from './contract.ts';
import { problemOf, type Damage } from './damage.ts';
import { sideBySide } from './side-by-side.ts';
import { wrongContent, wrongSize } from './wrong-manifest.ts';

interface Around {
  options: VerifyOptions;
  catalog: Catalog;
  target: Target;
  /** Null where each manifest is asked for. */
  listing: Listing | null;
  /** Null where nothing sealed is to be opened. */
  keys: KeyRing | null;
  /** The public key by which this catalog signs; null if it has none. */
  signer: string | null;
  summary: TargetVerified;
  damage: Damage;
  /** What bat stored these bytes as. */
  nameOf(this: void, sha256: Buffer): string | null;
  found(this: void, finding: Omit<Finding, 'target'>): void;
}

export async function checkManifests({ options, catalog, target, listing, keys, signer, summary, damage, nameOf, found }: Around): Promise<void> {
  const { amount, sources, signal } = options;
  const manifests = new Manifests(catalog);
  const all = manifests.on(target.id);
  const wanted = sources.length === 0 ? all : all.filter(({ snapshot }) => sources.includes(sourceOfSnapshot(snapshot)));
  summary.manifests = wanted.length;
  const reading = { target, keys, nameOf, signer, signal };
  await inParallel(wanted, sideBySide(target), async (record) => {
    const stat = listing ? listing.find(record.name) : await target.stat(record.name, signal);
    const size = wrongSize(stat, record);
    const content = stat === null || amount.kind === 'nothing' ? null : await unlessOfTarget(() => wrongContent(reading, { ...record, size: stat.size }));
    // Of another size: what it is says more than how long it is.
    const wrong = size && content?.problem === 'damaged' ? size : (content ?? size);
    if (!wrong) return;
    damage.manifests.push(record);
    found({ kind: 'manifest', name: record.name, ...wrong, elsewhere: manifests.othersWith(record), snapshots: leaningOn(all, record.snapshot) });
  });
}

/** What a read fails with is a finding, where it says something of the manifest. */
async function unlessOfTarget(read: () => ReturnType<typeof wrongContent>): ReturnType<typeof wrongContent> {
  try {
    return await read();
  } catch (error) {
    const problem = problemOf(error);
    if (!problem) throw error;
    return { problem, message: (error as BatError).message };
  }
}

/** The snapshots that are laid over this one, and it itself: none of them can be restored without its manifest. */
function leaningOn(manifests: readonly ManifestRecord[], snapshot: string): string[] {
  const leaning = new Set([snapshot]);
  for (let size = 0; size < leaning.size; ) {
    size = leaning.size;
    for (const { base, snapshot: id } of manifests) if (base !== null && leaning.has(base)) leaning.add(id);
  }
  return [...leaning].sort();
}
