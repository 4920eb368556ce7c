/** The manifests of several targets: which of them are the same bytes, and those bytes, fetched some way ahead. */
import { BatError } from '../../core/errors.ts';
import type { Target } from '../../targets/target.ts';
import type { KeyRing } from '../../volume/age.ts';
import type { StoredSnapshot } from '../store/list.ts';

/** A target that answers, and every manifest that it lists: a snapshot may have several there. */
export interface ManifestStore {
  target: Target;
  manifests: readonly StoredSnapshot[];
  /** Asked for when the first sealed manifest is read. */
  keys: () => Promise<KeyRing>;
}

/** A manifest: what has the same name and the same size on several targets is taken for the same, unless their signed lists say otherwise. */
export interface ManifestDocument extends Pick<StoredSnapshot, 'source' | 'size' | 'codec' | 'sealed'> {
  snapshot: string;
  name: string;
  holders: Holder[];
}

/** What a target says of one manifest. */
export interface Holder extends Omit<ManifestStore, 'manifests'> {
  stored: StoredSnapshot;
}

/** By snapshot. A plain one comes before a sealed one: it needs no key. */
export function documentsOf(stores: readonly ManifestStore[]): Map<string, ManifestDocument[]> {
  const bySnapshot = new Map<string, ManifestDocument[]>();
  for (const { manifests, ...store } of stores) {
    for (const stored of manifests) {
      const { id, manifestName: name, source, size, codec, sealed } = stored;
      const documents = bySnapshot.get(id) ?? [];
      const holder = { ...store, stored };
      const same = documents.find((document) => document.name === name && document.size === size && isSame(document.holders[0]!.stored, stored));
      if (same) same.holders.push(holder);
      else documents.push({ snapshot: id, source, name, size, codec, sealed, holders: [holder] });
      bySnapshot.set(id, documents);
    }
  }
  for (const documents of bySnapshot.values()) documents.sort((a, b) => Number(a.sealed) - Number(b.sealed));
  return bySnapshot;
}

/** Targets that hold a volume as different objects have manifests of their own, which may be of one size. */
function isSame(one: StoredSnapshot, other: StoredSnapshot): boolean {
  const [first, second] = [one, other].map(({ manifestName, trust }) => trust?.hashOf(manifestName) ?? null);
  return first === null || second === null || first === second;
}

/** What is fetched, or waits to be read, at a time; one that is larger is fetched alone. */
const mostBytes = 32 * 1024 * 1024;
const mostFetches = 8;

/** Fetches documents in the order in which they will be wanted, several at a time. */
export class DocumentsAhead {
  readonly #queue: ManifestDocument[];
  readonly #signal: AbortSignal;
  readonly #fetched = new Map<ManifestDocument, Promise<Uint8Array>>();
  #held = 0;

  constructor(documents: readonly ManifestDocument[], signal: AbortSignal) {
    this.#queue = [...documents];
    this.#signal = signal;
    this.#fill();
  }

  /** The bytes as the holder has them. */
  async take(document: ManifestDocument, holder: Holder): Promise<Uint8Array> {
    const ahead = holder === document.holders[0] ? this.#fetched.get(document) : undefined;
    if (!ahead) return holder.target.read(document.name, 0, document.size, this.#signal);
    try {
      return await ahead;
    } finally {
      this.#fetched.delete(document);
      this.#held -= document.size;
      this.#fill();
    }
  }

  #fill(): void {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      if (this.#fetched.size >= mostFetches || (this.#held > 0 && this.#held + next.size > mostBytes)) return;
      this.#queue.shift();
      this.#held += next.size;
      const bytes = next.holders[0]!.target.read(next.name, 0, next.size, this.#signal);
      // Whoever takes it hears of what went wrong; if nobody does, nobody needs to.
      bytes.catch(() => {});
      this.#fetched.set(next, bytes);
    }
  }
}

/** What speaks of one manifest only: others may be sound. A target that fails speaks of all that it holds. */
export function isOfOneManifest(error: unknown): error is BatError {
  return error instanceof BatError && (/^(OBJECT|MANIFEST)_/.test(error.code) || error.code === 'FORMAT_UNSUPPORTED' || error.code === 'KEY_WRONG');
}
