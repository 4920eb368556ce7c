/** Whether a single manifest of a store is by who should have written it, and the latest of its name. */
import { BatError } from '../../core/errors.ts';
import { noteSeen, pinnedOn, seenOf } from '../../runner/pins.ts';
import type { Target } from '../../targets/target.ts';
import type { ManifestHeader } from '../../volume/manifest.ts';
import { signerId } from '../../volume/signature.ts';
import type { SignedList } from '../../volume/signed-list.ts';
import { acceptHint, type Doubts } from './doubts.ts';

export class StoreTrust {
  readonly #trust: Doubts;
  readonly #target: Target;
  readonly #store: string;
  /** Signers that were not known, and are taken all the same. */
  readonly #accepted = new Set<string>();
  readonly #named = new Map<string, { sha256: string | null; serial: number | null }[]>();

  constructor(trust: Doubts, target: Target, store: string, lists: readonly SignedList[]) {
    this.#trust = trust;
    this.#target = target;
    this.#store = store;
    for (const { manifests } of lists) {
      for (const { name, sha256, serial } of manifests) this.#named.set(name, [...(this.#named.get(name) ?? []), { sha256, serial }]);
    }
  }

  /** SHA-256 of the stored bytes of a manifest, as the signed list has it; null where it does not. */
  hashOf(name: string): string | null {
    return this.#named.get(name)?.find(({ sha256 }) => sha256 !== null)?.sha256 ?? null;
  }

  /**
   * By the header, before its signature is known to hold. `above`: of the manifest that is laid over this one. `hasHash`: whether these are the
   * stored bytes. Throws MANIFEST_FORGED, MANIFEST_ROLLED_BACK, unless that is accepted.
   */
  async checkHeader(name: string, header: ManifestHeader, above: ManifestHeader | null, hasHash: (sha256: string) => Promise<boolean>): Promise<void> {
    const named = this.#named.get(name) ?? [];
    if (header.signer === undefined) {
      await this.#checkUnsigned(name, named, above, hasHash);
      return;
    }
    if (!this.#isTrusted(header.signer) && !(await isVouchedFor(named, hasHash))) {
      this.#doubt(name, 'MANIFEST_FORGED', `is signed by ${signerId(header.signer)}, who is not known here`, `If another machine of yours writes there, add its key to \`signer:\` in the plan, ${header.signer}; or add --accept to trust it from now on.`);
      this.#accepted.add(header.signer);
    }
    const serial = header.serial ?? 0;
    const isOlder = named.some((entry) => entry.serial !== null && serial < entry.serial) || (above?.signer === header.signer && serial < (above.baseSerial ?? 0));
    if (isOlder) this.#doubt(name, 'MANIFEST_ROLLED_BACK', 'is older than the one that was stored under this name: an old one was put back');
  }

  /** At its end. Throws MANIFEST_FORGED, unless that is accepted. */
  checkEnd(name: string, { signer, serial = 0 }: ManifestHeader, isGenuine: boolean | undefined): void {
    if (signer === undefined) return;
    if (isGenuine !== true) {
      this.#doubt(name, 'MANIFEST_FORGED', 'was changed after it was signed: its signature does not hold');
      return;
    }
    if (this.#trust.signers === null || this.#accepted.has(signer)) this.#trust.admit(this.#target, signer);
    // One that a list vouches for, by somebody whom nobody trusts in all else.
    if (!this.#isTrusted(signer)) return;
    const seen = seenOf(this.#trust.pins.state, this.#target.id, this.#store)[signer];
    if (this.#store === '' || serial <= Math.max(seen?.list ?? 0, seen?.newest?.serial ?? 0)) return;
    this.#trust.pins.update((state) => noteSeen(pinnedOn(state, this.#target.id, this.#store), signer, { newest: { name, serial } }));
  }

  async #checkUnsigned(name: string, named: readonly { sha256: string | null }[], above: ManifestHeader | null, hasHash: (sha256: string) => Promise<boolean>): Promise<void> {
    const wasSigned = above?.baseSerial !== undefined && above.baseSerial !== null;
    if (!wasSigned && this.#trust.signers === null) return;
    if (!wasSigned && (await isVouchedFor(named, hasHash))) return;
    this.#doubt(name, 'MANIFEST_FORGED', 'bears no signature, and what is stored there is signed');
  }

  #isTrusted(signer: string): boolean {
    return this.#trust.signers?.has(signer) ?? true;
  }

  #doubt(name: string, code: 'MANIFEST_FORGED' | 'MANIFEST_ROLLED_BACK', what: string, hint = acceptHint): void {
    this.#trust.doubt(this.#target, new BatError(code, `The manifest ${name} on ${this.#target.location} ${what}.`, { hint, subject: name }));
  }
}

/** Whether somebody who is trusted has named just these bytes. */
async function isVouchedFor(named: readonly { sha256: string | null }[], hasHash: (sha256: string) => Promise<boolean>): Promise<boolean> {
  for (const { sha256 } of named) if (sha256 !== null && (await hasHash(sha256))) return true;
  return false;
}
