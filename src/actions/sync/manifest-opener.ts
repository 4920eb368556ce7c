/** Opens manifests as their holders have them, and checks what can be said of one by its header and its signature. */
import { hash } from 'node:crypto';
import { openKeyRing, type KeyRing } from '../../volume/age.ts';
import { decodeDocument } from '../../volume/document.ts';
import { readManifest } from '../../volume/manifest-reading.ts';
import type { ManifestHeader, ManifestLine } from '../../volume/manifest.ts';
import { damagedManifest } from '../../volume/manifest-checks.ts';
import { DocumentsAhead, isOfOneManifest, type Holder, type ManifestDocument } from './documents.ts';

export interface OpenedManifest {
  header: ManifestHeader;
  /** What is behind the header. */
  lines: AsyncGenerator<ManifestLine>;
  /** Of the bytes as they are stored. */
  sha256: Buffer;
  /** Without a key for a plain one. */
  ring: KeyRing;
}

export class ManifestOpener {
  readonly #documents: ReadonlyMap<string, readonly ManifestDocument[]>;
  readonly #signal: AbortSignal;
  /** Of what was taken: who signed it, and when in the row of all that this signer has signed. */
  readonly #headers = new Map<ManifestDocument, Omit<ManifestHeader, 'planFile'>>();
  #ahead: DocumentsAhead;
  #openedSealed = false;

  /** `documents`: by snapshot. */
  constructor(documents: ReadonlyMap<string, readonly ManifestDocument[]>, signal: AbortSignal) {
    this.#documents = documents;
    this.#signal = signal;
    this.#ahead = new DocumentsAhead([], signal);
  }

  /** True once a sealed one could be opened. */
  get openedSealed(): boolean {
    return this.#openedSealed;
  }

  /** What will be opened, in this order: it is fetched ahead. */
  expect(documents: readonly ManifestDocument[]): void {
    this.#ahead = new DocumentsAhead(documents, this.#signal);
  }

  async open(document: ManifestDocument, holder: Holder): Promise<OpenedManifest> {
    const { name, codec, sealed, snapshot, source } = document;
    const bytes = await this.#ahead.take(document, holder);
    // A plain manifest must not ask for a key.
    const ring = sealed ? await holder.keys() : openKeyRing([]);
    const again = (offset: number, length: number): Promise<Uint8Array> => holder.target.read(name, offset, length, this.#signal);
    const lines = readManifest(decodeDocument(bytes, codec, sealed, ring, name, again), name);
    const first = await lines.next();
    if (first.done || first.value.kind !== 'header') throw damagedManifest(name, 'it has no header');
    const { header } = first.value;
    if (header.snapshot !== snapshot) throw damagedManifest(name, `it says that it is the manifest of ${header.snapshot}`);
    if (header.source !== source) throw damagedManifest(name, `it says that it is of the source ${header.source}`);
    const sha256 = hash('sha256', bytes, 'buffer');
    await holder.stored.trust?.checkHeader(name, header, null, async (expected) => sha256.toString('hex') === expected);
    this.#openedSealed ||= sealed;
    return { header, lines, sha256, ring };
  }

  /** The machine that wrote it; empty if it cannot be read. */
  async hostOf(document: ManifestDocument): Promise<string> {
    try {
      const { header, lines } = await this.open(document, document.holders[0]!);
      await lines.return(undefined);
      return header.host;
    } catch (error) {
      if (!isOfOneManifest(error)) throw error;
      return '';
    }
  }

  /** The base must be the one that this manifest was laid over, or a later one under its name. */
  async checkBase(header: ManifestHeader, { target }: Holder): Promise<void> {
    for (const document of (header.base !== null && this.#documents.get(header.base)) || []) {
      const holder = document.holders.find((other) => other.target === target);
      const base = this.#headers.get(document);
      if (holder && base) await holder.stored.trust?.checkHeader(document.name, base, header, async () => true);
    }
  }

  /** It is in the catalog now: one that is laid over it is held against it. */
  noteTaken(document: ManifestDocument, header: ManifestHeader): void {
    const { planFile: _, ...rest } = header;
    this.#headers.set(document, rest);
  }
}

/** Whether the signature holds is known at the end only: nothing of a manifest stays if this throws. */
export async function* checked(lines: AsyncIterable<ManifestLine>, name: string, header: ManifestHeader, { stored }: Holder): AsyncGenerator<ManifestLine> {
  for await (const line of lines) {
    if (line.kind === 'end') {
      if (stored.trust) stored.trust.checkEnd(name, header, line.isGenuine);
      else if (line.isGenuine === false) throw damagedManifest(name, 'its signature does not hold');
    }
    yield line;
  }
}
