/**
 * Whether manifests are by who signs for the store, and the latest of their name. A page remembers nothing from the last time, so it does not know who
 * may write there: it holds each signature, the manifests against the signed lists, and says who signed.
 */
import { BatError } from '../../../src/core/bat-error.ts';
import type { ManifestHeader } from '../../../src/volume/manifest.ts';
import { signerId } from '../../../src/volume/signature.ts';
import { decodeSignedList, succeededIn, type SignedList } from '../../../src/volume/signed-list.ts';
import type { ManifestPlace, ManifestTrust } from '../../../src/volume/snapshot-reading.ts';
import type { Contents } from './backup-place.ts';

/** A list of a hundred thousand manifests has twenty megabytes. */
const largestList = 64 * 1024 * 1024;
const hint = 'Restore from another target, or ask who keeps the server. `bat restore` looks closer: it remembers who signed before.';

export class ListsTrust implements ManifestTrust {
  /** What is doubtful about the store as a whole, in sentences. */
  readonly doubts: string[] = [];
  /** Short names of those whose signatures were checked, and hold, on what was read. */
  readonly signedBy = new Set<string>();
  /** Manifests without a signature that were read. */
  unsigned = 0;
  readonly #named = new Map<string, { sha256: string | null; serial: number | null }[]>();
  #lists: readonly SignedList[] = [];

  /** Reads the lists of a place. One that is none, or whose signature does not hold, is told as a doubt and counts for nothing. */
  static async read(place: ManifestPlace, contents: Contents, signal?: AbortSignal): Promise<ListsTrust> {
    const trust = new ListsTrust();
    const lists: SignedList[] = [];
    for (const { name, size } of contents.lists) {
      const decoded = size > largestList ? null : decodeSignedList(await place.read(name, 0, size, signal), name);
      if (decoded?.isGenuine) lists.push(decoded.list);
      else trust.doubts.push(decoded ? `${name} is forged: its signature does not hold.` : `${name} is damaged.`);
    }
    trust.#take(lists, new Set(contents.manifests.map((manifest) => manifest.name)));
    return trust;
  }

  async checkHeader(name: string, header: ManifestHeader, above: ManifestHeader | null, hasHash: (sha256: string) => Promise<boolean>): Promise<void> {
    const named = this.#named.get(name) ?? [];
    if (header.signer === undefined) {
      const wasSigned = above?.baseSerial !== undefined && above.baseSerial !== null;
      const isOld = !wasSigned && (this.#lists.length === 0 || (await isVouchedFor(named, hasHash)));
      if (!isOld) throw doubtful('MANIFEST_FORGED', name, 'bears no signature, and what is stored there is signed');
      this.unsigned++;
      return;
    }
    const serial = header.serial ?? 0;
    const isOlder = named.some((entry) => entry.serial !== null && serial < entry.serial) || (above?.signer === header.signer && serial < (above.baseSerial ?? 0));
    if (isOlder) throw doubtful('MANIFEST_ROLLED_BACK', name, 'is older than the one that was stored under this name: an old one was put back');
  }

  checkEnd(name: string, { signer }: ManifestHeader, isGenuine: boolean | undefined): void {
    if (signer === undefined) return;
    if (isGenuine !== true) throw doubtful('MANIFEST_FORGED', name, 'was changed after it was signed: its signature does not hold');
    this.signedBy.add(signerId(signer));
  }

  #take(lists: readonly SignedList[], there: ReadonlySet<string>): void {
    const succeeded = succeededIn(lists);
    // What a successor did not take over it has removed.
    this.#lists = lists.filter(({ signer, serial }) => serial > (succeeded.get(signer) ?? -1));
    for (const list of this.#lists) {
      let gone = 0;
      for (const { name, sha256, serial } of list.manifests) {
        this.#named.set(name, [...(this.#named.get(name) ?? []), { sha256, serial }]);
        if (!there.has(name)) gone++;
      }
      if (gone > 0) this.doubts.push(`${gone === 1 ? 'A snapshot is' : `${gone} snapshots are`} gone that ${signerId(list.signer)} has on the signed list of ${list.time}: somebody else removed ${gone === 1 ? 'it' : 'them'}.`);
    }
  }
}

async function isVouchedFor(named: readonly { sha256: string | null }[], hasHash: (sha256: string) => Promise<boolean>): Promise<boolean> {
  for (const { sha256 } of named) if (sha256 !== null && (await hasHash(sha256))) return true;
  return false;
}

function doubtful(code: 'MANIFEST_FORGED' | 'MANIFEST_ROLLED_BACK', name: string, what: string): BatError {
  return new BatError(code, `The manifest ${name} ${what}.`, { hint, subject: name });
}
