/** Manifests of targets into the catalog: a whole one out of nothing, or single snapshots that another machine made. */
import type { Catalog } from '../../catalog/catalog.ts';
import { ImportedSnapshots } from '../../catalog/import/imported-snapshots.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import type { KeyRing } from '../../volume/age.ts';
import type { ManifestHeader } from '../../volume/manifest.ts';
import { documentsOf, isOfOneManifest, type Holder, type ManifestDocument, type ManifestStore } from './documents.ts';
import { asMade, byHost } from './import-order.ts';
import { ManifestContent, type TakenManifest } from './manifest-content.ts';
import { checked, ManifestOpener } from './manifest-opener.ts';

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
  readonly #opener: ManifestOpener;
  readonly #sources = new Map<string, SourceImport>();
  readonly #opening = new Set<string>();
  readonly #report: ImportReport = { snapshots: [], manifests: 0, bytes: 0, entries: 0, signed: new Map(), unreadable: [] };
  #total = 0;

  constructor(options: ImportOptions) {
    this.#options = options;
    this.#documents = documentsOf(options.stores);
    this.#content = new ManifestContent({ catalog: options.catalog, targets: options.targets, replaces: options.isNew });
    this.#opener = new ManifestOpener(this.#documents, options.signal);
  }

  async run(): Promise<ImportReport> {
    const order = await this.#inOrder();
    const queue = order.flatMap((id) => this.#documents.get(id)!);
    this.#opener.expect(queue);
    this.#total = queue.length;
    const snapshots = new Snapshots(this.#options.catalog);
    for (const id of order) await (snapshots.get(id) === null ? this.#snapshot(id) : this.#places(id));
    const wrongKey = this.#report.unreadable.find(({ error }) => error.code === 'KEY_WRONG');
    if (wrongKey && !this.#opener.openedSealed) throw wrongKey.error;
    for (const { snapshots } of this.#sources.values()) snapshots.finish();
    this.#content.entries.end();
    return this.#report;
  }

  async #inOrder(): Promise<string[]> {
    const { wanted, sources, severalHosts } = this.#options;
    const firstOf = (id: string): ManifestDocument => this.#documents.get(id)![0]!;
    const ids = asMade([...this.#documents.keys()].filter((id) => !wanted || wanted.has(id)), sources, (id) => firstOf(id).source);
    if (!severalHosts) return ids;
    this.#opener.expect(ids.map(firstOf));
    return byHost(ids, (id) => this.#opener.hostOf(firstOf(id)));
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
    const { header, lines, sha256, ring } = await this.#opener.open(document, holder);
    const source = this.#sourceOf(document.source);
    // Before anything is written: the base's own lines go through the same table.
    const base = known === null && header.base !== null ? await this.#snapshot(header.base) : null;
    if (known === null && header.base !== null && base === null) throw baseMissing(document, header.base);
    await this.#opener.checkBase(header, holder);
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
    this.#opener.noteTaken(document, header);
    this.#count(document, header, taken);
    return number;
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

function baseMissing({ snapshot, name }: ManifestDocument, base: string): BatError {
  return new BatError('OBJECT_MISSING', `The snapshot ${snapshot} builds on ${base}, of which no manifest can be read.`, {
    hint: 'Look on another target.',
    subject: name,
  });
}
