/** Reads a snapshot: its manifest, laid over the manifests that it refers to. */
import { hash } from 'node:crypto';
import { BatError } from '../../core/errors.ts';
import type { Target } from '../../targets/target.ts';
import type { KeyRing } from '../../volume/age.ts';
import { decodeDocument } from '../../volume/document.ts';
import { readManifest } from '../../volume/manifest-reading.ts';
import type { ManifestHeader, ManifestLine } from '../../volume/manifest.ts';
import { listSnapshots, type StoredSnapshot } from './list.ts';

export interface SnapshotLine {
  /** The manifest that the line stands in. */
  stored: StoredSnapshot;
  /** 0 for the snapshot's own manifest, 1 for its base, and so on. */
  depth: number;
  line: ManifestLine;
}

type PassOver = (path: string) => boolean;

/** More than bat ever writes; what is longer, or goes round in a circle, is refused. */
const longestChain = 16;

/**
 * Every line of the manifests that make up a snapshot, the base's first: each manifest begins with its header and ends with
 * its end line. A later entry replaces the one of the same path, a removed path is taken away. Bounded by the size of
 * the stored manifests, which are held while they are read. `stored`: what the target holds, if that is known. `passOver`: as in `readManifest`.
 * Nothing of a manifest may be used before its end line has come: only then it is known to be by its signer.
 * Throws SNAPSHOT_NOT_FOUND, OBJECT_MISSING for a base that is gone, OBJECT_DAMAGED, KEY_MISSING, KEY_WRONG, and where the snapshots
 * of `stored` have their trust, MANIFEST_FORGED, MANIFEST_ROLLED_BACK, MANIFEST_CUT_OFF.
 */
export async function* readSnapshot(
  target: Target,
  id: string,
  keys: KeyRing | (() => Promise<KeyRing>),
  options: { stored?: readonly StoredSnapshot[]; passOver?: PassOver | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<SnapshotLine> {
  const stored = options.stored ?? (await listSnapshots(target, options.signal));
  const chain = new Chain(target, new Map(stored.map((snapshot) => [snapshot.id, snapshot])), keys, options);
  if (!chain.stored.has(id)) {
    throw new BatError('SNAPSHOT_NOT_FOUND', `${target.location} holds no snapshot "${id}".`, { hint: 'List what there is with `bat snapshots`.', subject: id });
  }
  yield* chain.read(id, 0, null);
}

class Chain {
  readonly stored: ReadonlyMap<string, StoredSnapshot>;
  readonly #target: Target;
  readonly #keys: KeyRing | (() => Promise<KeyRing>);
  readonly #passOver: PassOver | undefined;
  readonly #signal: AbortSignal | undefined;

  constructor(target: Target, stored: ReadonlyMap<string, StoredSnapshot>, keys: KeyRing | (() => Promise<KeyRing>), { passOver, signal }: { passOver?: PassOver | undefined; signal?: AbortSignal | undefined }) {
    this.#target = target;
    this.stored = stored;
    this.#keys = keys;
    this.#passOver = passOver;
    this.#signal = signal;
  }

  async *read(id: string, depth: number, above: ManifestHeader | null): AsyncGenerator<SnapshotLine> {
    const stored = this.stored.get(id);
    if (!stored) throw baseMissing(above!, id, this.#target);
    const { bytes, content } = await this.#open(stored);
    const lines = readManifest(content, stored.manifestName, this.#passOver);
    try {
      const first = await lines.next();
      if (first.done || first.value.kind !== 'header') throw damaged(stored, 'it has no header');
      const { header } = first.value;
      if (header.snapshot !== id) throw wrongPlace(stored, header);
      if (header.source !== stored.source) throw damaged(stored, `it says that it is of the source ${header.source}`);
      if (above && header.source !== above.source) throw damaged(stored, `it is not of the source ${above.source}`);
      await stored.trust?.checkHeader(stored.manifestName, header, above, (sha256) => this.#hasHash(stored, bytes, sha256));
      if (header.base !== null) {
        if (depth + 1 >= longestChain) throw damaged(stored, `more than ${longestChain} manifests refer to each other`);
        yield* this.read(header.base, depth + 1, header);
      }
      yield { stored, depth, line: first.value };
      for await (const line of lines) {
        if (line.kind === 'end') checkEnd(stored, header, line.isGenuine);
        yield { stored, depth, line };
      }
    } finally {
      await lines.return(undefined);
    }
  }

  /** The bytes as they are stored, and what they hold. */
  async #open(stored: StoredSnapshot): Promise<{ bytes: Uint8Array; content: AsyncIterable<Uint8Array> }> {
    const { manifestName, size, codec, sealed } = stored;
    const given = this.#signal;
    const read = (offset: number, length: number, signal = given): Promise<Uint8Array> => this.#target.read(manifestName, offset, length, signal);
    // The keys are looked for while it comes. Where there are none nobody wants it, nor to hear that it did not come.
    const unwanted = new AbortController();
    const reading = read(0, size, given ? AbortSignal.any([given, unwanted.signal]) : unwanted.signal);
    reading.catch(() => undefined);
    let keys: KeyRing;
    try {
      // A plain manifest must not ask for a key.
      keys = sealed ? await this.#keyRing() : (await import('../../volume/age.ts')).openKeyRing([]);
    } catch (error) {
      unwanted.abort(error);
      await reading.catch(() => undefined);
      throw error;
    }
    const bytes = await reading;
    return { bytes, content: decodeDocument(bytes, codec, sealed, keys, manifestName, (offset, length) => read(offset, length)) };
  }

  /** Bytes that came damaged are fetched once more. */
  async #hasHash({ manifestName, size }: StoredSnapshot, bytes: Uint8Array, sha256: string): Promise<boolean> {
    return hash('sha256', bytes) === sha256 || hash('sha256', await this.#target.read(manifestName, 0, size, this.#signal)) === sha256;
  }

  #keyRing(): Promise<KeyRing> {
    return typeof this.#keys === 'function' ? this.#keys() : Promise.resolve(this.#keys);
  }
}

function baseMissing(above: ManifestHeader, base: string, target: Target): BatError {
  return new BatError('OBJECT_MISSING', `The snapshot ${above.snapshot} builds on ${base}, whose manifest is not on ${target.location}.`, {
    hint: 'Restore from another target, or another snapshot.',
    subject: base,
  });
}

function checkEnd(stored: StoredSnapshot, header: ManifestHeader, isGenuine: boolean | undefined): void {
  if (stored.trust) stored.trust.checkEnd(stored.manifestName, header, isGenuine);
  else if (isGenuine === false) throw forged(stored, 'was changed after it was signed: its signature does not hold');
}

/** A signed one was not changed: it was put there under another name. */
function wrongPlace(stored: StoredSnapshot, { snapshot, signer }: ManifestHeader): BatError {
  return signer === undefined ? damaged(stored, `it says that it is the manifest of ${snapshot}`) : forged(stored, `is the manifest of ${snapshot}, put under another name`);
}

function forged({ manifestName }: StoredSnapshot, what: string): BatError {
  return new BatError('MANIFEST_FORGED', `The manifest ${manifestName} ${what}.`, { hint: 'Restore from another target, or another snapshot.', subject: manifestName });
}

function damaged(stored: StoredSnapshot, reason: string): BatError {
  return new BatError('OBJECT_DAMAGED', `${stored.manifestName} is damaged: ${reason}.`, {
    hint: 'Restore from another target, or another snapshot.',
    subject: stored.manifestName,
  });
}
