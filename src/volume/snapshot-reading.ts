/** Reads a snapshot: its manifest, laid over the manifests that it refers to. */
import { sha256 } from '#native/crypto';
import { BatError } from '../core/bat-error.ts';
import type { KeyRing } from './age-keys.ts';
import { decodeDocument } from './document.ts';
import type { Codec } from './frames.ts';
import { hexOf } from './hex.ts';
import { readManifest } from './manifest-reading.ts';
import type { ManifestHeader, ManifestLine } from './manifest.ts';
import { parseManifestName, runOfSnapshot, sourceOfSnapshot, timeOfId } from './names.ts';

/** A manifest that lies somewhere, by its name. */
export interface StoredManifest {
  /** Of the snapshot. */
  id: string;
  source: string;
  run: string;
  time: Date;
  manifestName: string;
  /** Bytes of the manifest as it is stored. */
  size: number;
  codec: Codec;
  sealed: boolean;
  /** What is known of the store, where that is asked: who may have written it, and how far it had come. */
  trust?: ManifestTrust;
}

/** Whether a manifest is by who should have written it, and the latest of its name: it throws where not. */
export interface ManifestTrust {
  /** By the header, before its signature is known to hold. `above`: of the manifest that is laid over this one. `hasHash`: whether these are the stored bytes. */
  checkHeader(name: string, header: ManifestHeader, above: ManifestHeader | null, hasHash: (sha256: string) => Promise<boolean>): Promise<void>;
  checkEnd(name: string, header: ManifestHeader, isGenuine: boolean | undefined): void;
}

/** Where manifests lie: a target, or what stands between. */
export interface ManifestPlace {
  /** For a person. */
  readonly location: string;
  /** As a target gives them: exactly these bytes. */
  read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

export interface SnapshotLine {
  /** The manifest that the line stands in. */
  stored: StoredManifest;
  /** 0 for the snapshot's own manifest, 1 for its base, and so on. */
  depth: number;
  line: ManifestLine;
}

type PassOver = (path: string) => boolean;

/** More than bat ever writes; what is longer, or goes round in a circle, is refused. */
const longestChain = 16;

/** Null for what is no manifest. */
export function toStoredManifest({ name, size }: { name: string; size: number }): StoredManifest | null {
  const parsed = parseManifestName(name);
  const time = parsed && timeOfId(parsed.snapshot);
  if (!parsed || !time || Number.isNaN(time.getTime())) return null;
  const { snapshot: id, codec, sealed } = parsed;
  return { id, source: sourceOfSnapshot(id), run: runOfSnapshot(id), time, manifestName: name, size, codec, sealed };
}

/**
 * Every line of the manifests that make up a snapshot, the base's first: each manifest begins with its header and ends with
 * its end line. A later entry replaces the one of the same path, a removed path is taken away. Bounded by the size of
 * the stored manifests, which are held while they are read. `stored`: what lies there, by the id of the snapshot. `passOver`: as in `readManifest`.
 * Nothing of a manifest may be used before its end line has come: only then it is known to be by its signer.
 * Throws SNAPSHOT_NOT_FOUND, OBJECT_MISSING for a base that is gone, OBJECT_DAMAGED, KEY_MISSING, KEY_WRONG, and where those
 * of `stored` have their trust, MANIFEST_FORGED, MANIFEST_ROLLED_BACK, MANIFEST_CUT_OFF.
 */
export async function* readStoredSnapshot(
  place: ManifestPlace,
  id: string,
  stored: ReadonlyMap<string, StoredManifest>,
  keys: KeyRing | (() => Promise<KeyRing>),
  options: { passOver?: PassOver | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<SnapshotLine> {
  if (!stored.has(id)) {
    throw new BatError('SNAPSHOT_NOT_FOUND', `${place.location} holds no snapshot "${id}".`, { hint: 'List what there is with `bat snapshots`.', subject: id });
  }
  yield* new Chain(place, stored, keys, options).read(id, 0, null);
}

class Chain {
  readonly #stored: ReadonlyMap<string, StoredManifest>;
  readonly #place: ManifestPlace;
  readonly #keys: KeyRing | (() => Promise<KeyRing>);
  readonly #passOver: PassOver | undefined;
  readonly #signal: AbortSignal | undefined;

  constructor(place: ManifestPlace, stored: ReadonlyMap<string, StoredManifest>, keys: KeyRing | (() => Promise<KeyRing>), { passOver, signal }: { passOver?: PassOver | undefined; signal?: AbortSignal | undefined }) {
    this.#place = place;
    this.#stored = stored;
    this.#keys = keys;
    this.#passOver = passOver;
    this.#signal = signal;
  }

  async *read(id: string, depth: number, above: ManifestHeader | null): AsyncGenerator<SnapshotLine> {
    const stored = this.#stored.get(id);
    if (!stored) throw baseMissing(above!, id, this.#place);
    const { bytes, content } = await this.#open(stored);
    const lines = readManifest(content, stored.manifestName, this.#passOver);
    try {
      const first = await lines.next();
      if (first.done || first.value.kind !== 'header') throw damaged(stored, 'it has no header');
      const { header } = first.value;
      if (header.snapshot !== id) throw wrongPlace(stored, header);
      if (header.source !== stored.source) throw damaged(stored, `it says that it is of the source ${header.source}`);
      if (above && header.source !== above.source) throw damaged(stored, `it is not of the source ${above.source}`);
      await stored.trust?.checkHeader(stored.manifestName, header, above, (expected) => this.#hasHash(stored, bytes, expected));
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
  async #open(stored: StoredManifest): Promise<{ bytes: Uint8Array; content: AsyncIterable<Uint8Array> }> {
    const { manifestName, size, codec, sealed } = stored;
    const given = this.#signal;
    const read = (offset: number, length: number, signal = given): Promise<Uint8Array> => this.#place.read(manifestName, offset, length, signal);
    // The keys are looked for while it comes. Where there are none nobody wants it, nor to hear that it did not come.
    const unwanted = new AbortController();
    const reading = read(0, size, given ? AbortSignal.any([given, unwanted.signal]) : unwanted.signal);
    reading.catch(() => undefined);
    let keys: KeyRing;
    try {
      // A plain manifest must not ask for a key.
      keys = sealed ? await this.#keyRing() : (await import('./age-keys.ts')).openKeyRing([]);
    } catch (error) {
      unwanted.abort(error);
      await reading.catch(() => undefined);
      throw error;
    }
    const bytes = await reading;
    return { bytes, content: decodeDocument(bytes, codec, sealed, keys, manifestName, (offset, length) => read(offset, length)) };
  }

  /** Bytes that came damaged are fetched once more. */
  async #hasHash({ manifestName, size }: StoredManifest, bytes: Uint8Array, expected: string): Promise<boolean> {
    return hexOf(sha256(bytes)) === expected || hexOf(sha256(await this.#place.read(manifestName, 0, size, this.#signal))) === expected;
  }

  #keyRing(): Promise<KeyRing> {
    return typeof this.#keys === 'function' ? this.#keys() : Promise.resolve(this.#keys);
  }
}

function baseMissing(above: ManifestHeader, base: string, place: ManifestPlace): BatError {
  return new BatError('OBJECT_MISSING', `The snapshot ${above.snapshot} builds on ${base}, whose manifest is not on ${place.location}.`, {
    hint: 'Restore from another target, or another snapshot.',
    subject: base,
  });
}

function checkEnd(stored: StoredManifest, header: ManifestHeader, isGenuine: boolean | undefined): void {
  if (stored.trust) stored.trust.checkEnd(stored.manifestName, header, isGenuine);
  else if (isGenuine === false) throw forged(stored, 'was changed after it was signed: its signature does not hold');
}

/** A signed one was not changed: it was put there under another name. */
function wrongPlace(stored: StoredManifest, { snapshot, signer }: ManifestHeader): BatError {
  return signer === undefined ? damaged(stored, `it says that it is the manifest of ${snapshot}`) : forged(stored, `is the manifest of ${snapshot}, put under another name`);
}

function forged({ manifestName }: StoredManifest, what: string): BatError {
  return new BatError('MANIFEST_FORGED', `The manifest ${manifestName} ${what}.`, { hint: 'Restore from another target, or another snapshot.', subject: manifestName });
}

function damaged(stored: StoredManifest, reason: string): BatError {
  return new BatError('OBJECT_DAMAGED', `${stored.manifestName} is damaged: ${reason}.`, {
    hint: 'Restore from another target, or another snapshot.',
    subject: stored.manifestName,
  });
}
