/** Manifests of targets into the catalog: a whole one out of nothing, or single snapshots that another machine made. */
import { hash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Catalog } from '../../catalog/catalog.ts';
import { ImportedSnapshots } from '../../catalog/import/imported-snapshots.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { decodeDocument } from '../../volume/document.ts';
import { readManifest } from '../../volume/manifest-reading.ts';
import type { ManifestHeader, ManifestLine } from '../../volume/manifest.ts';
import { openKeyRing, type KeyRing } from '../../volume/age.ts';
import { runOfSnapshot } from '../../volume/names.ts';
import { damagedManifest } from '../store/manifest-checks.ts';
import { documentsOf, DocumentsAhead, isOfOneManifest, type Holder, type ManifestDocument, type ManifestStore } from './documents.ts';
import { ManifestContent, type TakenManifest } from './manifest-content.ts';

export interface ImportOptions {
  catalog: Catalog;
  stores: readonly ManifestStore[];
  /** The plan's, in its order: which of several sources of a run stored first. */
  sources: readonly string[];
  /** Ids of the plan's targets. */
  targets: readonly string[];
  /** Ids of the snapshots to take; all without it. Those that they are laid over are read in any case. */
  wanted?: ReadonlySet<string>;
  /** The catalog knows nothing yet. */
  isNew: boolean;
  /** Machines of several names have written there. */
  severalHosts: boolean;
  onManifest: (done: ImportProgress) => void;
  signal: AbortSignal;
}

export interface ImportProgress {
  manifests: number;
  totalManifests: number;
  /** Lines of manifests that were read. */
  entries: number;
}

export interface ImportReport {
  /** Ids, in the order in which they were taken. */
  snapshots: string[];
  manifests: number;
  bytes: number;
  entries: number;
  /** By target: the highest serial that each signer gave to what was read there. */
  signed: Map<string, Map<string, number>>;
  unreadable: { name: string; targets: string[]; error: BatError }[];
}

interface SourceImport {
  snapshots: ImportedSnapshots;
  /** By id; null for those that cannot be read. */
  numbers: Map<string, number | null>;
}

/**
 * Everything in the catalog's long transaction: flush it to keep it, or close the catalog to leave it as it was. Throws
 * KEY_MISSING, KEY_WRONG if not one sealed manifest can be opened, and what a target says that cannot be read from.
 */
export async function importManifests(options: ImportOptions): Promise<ImportReport> {
  return new ManifestImport(options).run();
}

class ManifestImport {
  readonly #options: ImportOptions;
  readonly #content: ManifestContent;
  readonly #documents: Map<string, ManifestDocument[]>;
  readonly #sources = new Map<string, SourceImport>();
  readonly #opening = new Set<string>();
  /** Of what was read: who signed it, and when in the row of all that this signer has signed. */
  readonly #headers = new Map<ManifestDocument, Omit<ManifestHeader, 'planFile'>>();
  readonly #report: ImportReport = { snapshots: [], manifests: 0, bytes: 0, entries: 0, signed: new Map(), unreadable: [] };
  #ahead: DocumentsAhead;
  #openedSealed = false;
  #total = 0;

  constructor(options: ImportOptions) {
    this.#options = options;
    this.#documents = documentsOf(options.stores);
    this.#content = new ManifestContent({ catalog: options.catalog, targets: options.targets, replaces: options.isNew });
    this.#ahead = new DocumentsAhead([], options.signal);
  }

  async run(): Promise<ImportReport> {
    const { wanted, severalHosts, signal } = this.#options;
    const ids = this.#inOrder([...this.#documents.keys()].filter((id) => !wanted || wanted.has(id)));
    const order = severalHosts ? await this.#byHost(ids) : ids;
    const queue = order.flatMap((id) => this.#documents.get(id)!);
    this.#ahead = new DocumentsAhead(queue, signal);
    this.#total = queue.length;
    const snapshots = new Snapshots(this.#options.catalog);
    for (const id of order) await (snapshots.get(id) === null ? this.#snapshot(id) : this.#places(id));
    const wrongKey = this.#report.unreadable.find(({ error }) => error.code === 'KEY_WRONG');
    if (wrongKey && !this.#openedSealed) throw wrongKey.error;
    for (const { snapshots } of this.#sources.values()) snapshots.finish();
    this.#content.entries.end();
    return this.#report;
  }

  /** As they were made: by run, and within a run in the order of the plan. */
  #inOrder(ids: string[]): string[] {
    const { sources } = this.#options;
    const rank = (id: string): number => sources.indexOf(this.#documents.get(id)![0]!.source) + 1 || sources.length + 1;
    return ids.sort((a, b) => compare(runOfSnapshot(a), runOfSnapshot(b)) || rank(a) - rank(b) || compare(a, b));
  }

  /** One machine after the other, this one last: what two machines call by one name are two trees, and each is compared with itself. */
  async #byHost(ids: readonly string[]): Promise<string[]> {
    this.#ahead = new DocumentsAhead(ids.map((id) => this.#documents.get(id)![0]!), this.#options.signal);
    const hosts = new Map<string, string[]>();
    for (const id of ids) {
      const host = await this.#hostOf(this.#documents.get(id)![0]!);
      const others = hosts.get(host) ?? [];
      // The one that wrote last comes last.
      hosts.delete(host);
      hosts.set(host, [...others, id]);
    }
    const here = hostname();
    return [...hosts].sort(([a], [b]) => Number(a === here) - Number(b === here)).flatMap(([, own]) => own);
  }

  async #hostOf(document: ManifestDocument): Promise<string> {
    try {
      const { header, lines } = await this.#open(document, document.holders[0]!);
      await lines.return(undefined);
      return header.host;
    } catch (error) {
      if (!isOfOneManifest(error)) throw error;
      return '';
    }
  }

  /** The number of the snapshot within its source, or null if none of its manifests can be read. */
  async #snapshot(id: string): Promise<number | null> {
    const documents = this.#documents.get(id);
    if (!documents) return null;
    const source = this.#sourceOf(documents[0]!.source);
    const known = source.numbers.get(id);
    if (known !== undefined) return known;
    if (this.#opening.has(id)) return null;
    this.#opening.add(id);
    let number: number | null = null;
    const failures: { document: ManifestDocument; error: BatError }[] = [];
    for (const document of documents) {
      const outcome = await this.#fromAny(document, number);
      if (typeof outcome === 'number') number = outcome;
      else failures.push({ document, error: outcome });
    }
    for (const { document, error } of failures) {
      // One whose base is gone still says where the bytes lie.
      const outcome = number === null ? error : await this.#fromAny(document, number);
      if (typeof outcome !== 'number') this.#report.unreadable.push({ name: document.name, targets: document.holders.map(({ target }) => target.id), error: outcome });
    }
    source.numbers.set(id, number);
    return number;
  }

  /** Of a snapshot that the catalog has from elsewhere: where its bytes lie by the manifests that it has not read. */
  async #places(id: string): Promise<void> {
    for (const document of this.#documents.get(id)!) {
      const outcome = await this.#fromAny(document, 'there');
      if (typeof outcome !== 'number') this.#report.unreadable.push({ name: document.name, targets: document.holders.map(({ target }) => target.id), error: outcome });
    }
  }

  #sourceOf(id: string): SourceImport {
    let source = this.#sources.get(id);
    if (!source) this.#sources.set(id, (source = { snapshots: new ImportedSnapshots(this.#options.catalog, id), numbers: new Map() }));
    return source;
  }

  /** From the first target that gives it sound. `known`: the number of the snapshot if another manifest of it was taken already, or `there` if the catalog has it from before. */
  async #fromAny(document: ManifestDocument, known: number | 'there' | null): Promise<number | BatError> {
    let failure: BatError | null = null;
    for (const holder of document.holders) {
      try {
        return await this.#take(document, holder, known);
      } catch (error) {
        this.#options.signal.throwIfAborted();
        if (!(error instanceof BatError) || error.code === 'STATE_FAILED' || error.code === 'KEY_MISSING') throw error;
        failure = failure && isOfOneManifest(failure) ? failure : error;
      }
    }
    // What a target that is down cannot give may be needed: half a catalog would be worse than none.
    if (!isOfOneManifest(failure)) throw failure;
    return failure;
  }

  async #take(document: ManifestDocument, holder: Holder, known: number | 'there' | null): Promise<number> {
    const { catalog, signal } = this.#options;
    const { header, lines, sha256, ring } = await this.#open(document, holder);
    const source = this.#sourceOf(document.source);
    // Before anything is written: the base's own lines go through the same table.
    const base = known === null && header.base !== null ? await this.#snapshot(header.base) : null;
    if (known === null && header.base !== null && base === null) throw baseMissing(document, header.base);
    await this.#checkBase(header, holder);
    catalog.run('SAVEPOINT manifest');
    let taken: TakenManifest;
    try {
      const assumed = (): Promise<readonly string[]> => ring.recipients();
      taken = await this.#content.take(checked(lines, document.name, header, holder), header, { label: source.snapshots.label, subject: document.name, assumed, signal });
    } catch (error) {
      catalog.run('ROLLBACK TO manifest');
      catalog.run('RELEASE manifest');
      throw error;
    }
    const number = known === 'there' ? 0 : (known ?? source.snapshots.next());
    if (known === null) this.#content.entries.apply(number, base);
    else if (known !== 'there') this.#content.entries.supplement(number);
    if (!this.#options.wanted || this.#options.wanted.has(document.snapshot)) await this.#note(document, header, { ...taken, number, sha256, ring, isFirst: known === null });
    catalog.run('RELEASE manifest');
    const { planFile: _, ...rest } = header;
    this.#headers.set(document, rest);
    this.#count(document, header, taken);
    return number;
  }

  async #open(document: ManifestDocument, holder: Holder): Promise<{ header: ManifestHeader; lines: AsyncGenerator<ManifestLine>; sha256: Buffer; ring: KeyRing }> {
    const { name, codec, sealed, snapshot, source } = document;
    const bytes = await this.#ahead.take(document, holder);
    // A plain manifest must not ask for a key.
    const ring = sealed ? await holder.keys() : openKeyRing([]);
    const again = (offset: number, length: number): Promise<Uint8Array> => holder.target.read(name, offset, length, this.#options.signal);
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

  /** The base must be the one that this manifest was laid over, or a later one under its name. */
  async #checkBase(header: ManifestHeader, { target }: Holder): Promise<void> {
    for (const document of (header.base !== null && this.#documents.get(header.base)) || []) {
      const holder = document.holders.find((other) => other.target === target);
      const base = this.#headers.get(document);
      if (holder && base) await holder.stored.trust?.checkHeader(document.name, base, header, async () => true);
    }
  }

  async #note(document: ManifestDocument, header: ManifestHeader, taken: TakenManifest & { number: number; sha256: Buffer; ring: KeyRing; isFirst: boolean }): Promise<void> {
    const { catalog } = this.#options;
    const { snapshot, name, size, sealed, holders } = document;
    // Of one that the catalog has, only what a target holds of it may have been forgotten.
    if (taken.isFirst && new Snapshots(catalog).get(snapshot) === null) {
      const { category, host, version, roots, top, run, time, files, bytes, tags = [] } = header;
      const origin = { category, host, version, roots, ...(top ? { top } : {}) };
      this.#sourceOf(document.source).snapshots.add(taken.number, { id: snapshot, run, time, files, bytes, tags, protected: header.protected ?? false, origin });
      this.#report.snapshots.push(snapshot);
    }
    const recipients = sealed ? (header.recipients ?? (await taken.ring.recipients())) : null;
    const manifests = new Manifests(catalog);
    for (const { target } of holders) {
      // What the catalog knows of it may be more than stands there.
      if (manifests.get(snapshot, target.id)) continue;
      manifests.add({
        snapshot, target: target.id, name, size, sha256: taken.sha256, base: header.base, entries: taken.lines, recipients, volumes: taken.volumes, serial: header.serial ?? null,
      });
    }
  }

  #count({ size, holders }: ManifestDocument, { signer, serial = 0 }: ManifestHeader, { lines }: TakenManifest): void {
    for (const { target } of signer === undefined ? [] : holders) {
      const serials = this.#report.signed.get(target.id) ?? new Map<string, number>();
      this.#report.signed.set(target.id, serials.set(signer!, Math.max(serials.get(signer!) ?? 0, serial)));
    }
    this.#report.manifests++;
    this.#report.bytes += size;
    this.#report.entries += lines;
    this.#options.onManifest({ manifests: this.#report.manifests, totalManifests: this.#total, entries: this.#report.entries });
  }
}

/** Whether the signature holds is known at the end only: nothing of a manifest stays if this throws. */
async function* checked(lines: AsyncIterable<ManifestLine>, name: string, header: ManifestHeader, { stored }: Holder): AsyncGenerator<ManifestLine> {
  for await (const line of lines) {
    if (line.kind === 'end') {
      if (stored.trust) stored.trust.checkEnd(name, header, line.isGenuine);
      else if (line.isGenuine === false) throw damagedManifest(name, 'its signature does not hold');
    }
    yield line;
  }
}

function baseMissing({ snapshot, name }: ManifestDocument, base: string): BatError {
  return new BatError('OBJECT_MISSING', `The snapshot ${snapshot} builds on ${base}, of which no manifest can be read.`, {
    hint: 'Look on another target.',
    subject: name,
  });
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
