/** Brings the catalog in line with the targets, or makes it anew from what they hold: `bat sync`. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '../catalog/catalog.ts';
import { takeLock } from '../catalog/lock.ts';
import { lastObject } from '../catalog/import/known-names.ts';
import { Manifests } from '../catalog/manifests.ts';
import { Stores } from '../catalog/stores.ts';
import { BatError, exitCodes } from '../core/errors.ts';
import { formatCount } from '../core/units.ts';
import { stateFiles } from '../plan/state-folder.ts';
import { listsOfOthers } from '../runner/signed-list.ts';
import type { Target } from '../targets/target.ts';
import { claimName } from './held-plan.ts';
import { closeTargets, createTargets } from './plan-targets.ts';
import { once } from './store/keys.ts';
import { Trust } from './store/trust.ts';
import type { SyncObject, SyncOptions, SyncRead, SyncReport, SyncTarget } from './sync/contract.ts';
import { importManifests, type ImportReport } from './sync/import-manifests.ts';
import { lookAt, unknownManifests } from './sync/look.ts';
import { keepDamaged, makeCatalog } from './sync/new-catalog.ts';
import { noteWhatWasRead } from './sync/read-all.ts';
import { takePassphraseKeys } from './sync/passphrase-keys.ts';
import { openSyncStores, trustStores, type OpenedStores, type SyncStore } from './sync/stores.ts';

export type { SyncObject, SyncOptions, SyncReport, SyncTarget } from './sync/contract.ts';

/**
 * Throws NOTHING_STORED if there is neither a catalog nor a manifest, USAGE if orphans are to be removed where a manifest that is
 * not known may need them, PLAN_LOCKED, STATE_FAILED, KEY_MISSING, KEY_WRONG, and what the targets say if none answers. Nothing is
 * changed by a sync that throws.
 */
export async function sync(options: SyncOptions): Promise<SyncReport> {
  const started = Date.now();
  const { plan, environment, emit, only } = options;
  const files = stateFiles(plan, environment);
  const targets = await createTargets({ plan, only, environment, emit });
  const lock = takeLock(files.lock, plan.name);
  try {
    const state = stateOf(files.catalog);
    const known = state === 'sound' ? knownStores(files.catalog, targets) : new Map<string, string>();
    const opened = await openSyncStores(targets, { keys: options.keys, storeOf: (id) => known.get(id) ?? null, emit, signal: options.signal });
    const work = new Sync({ ...options, keys: once(options.keys) }, opened);
    const report = state === 'sound' ? await work.compare(files.catalog) : await work.rebuild(files.catalog, state === 'damaged');
    return { ...report, duration: Date.now() - started };
  } finally {
    lock.release();
    await closeTargets(targets);
  }
}

/** Throws CATALOG_DAMAGED for one that a newer bat made: that is no damage. */
function stateOf(file: string): 'absent' | 'damaged' | 'sound' {
  if (!existsSync(file)) return 'absent';
  try {
    const catalog = Catalog.open(file);
    try {
      catalog.check();
      return 'sound';
    } finally {
      catalog.close();
    }
  } catch (error) {
    if (error instanceof BatError && error.code === 'CATALOG_DAMAGED' && error.cause !== undefined) return 'damaged';
    throw error;
  }
}

function knownStores(file: string, targets: readonly Target[]): Map<string, string> {
  const catalog = Catalog.openToRead(file, true);
  try {
    const stores = new Stores(catalog);
    return new Map(targets.flatMap(({ id }) => {
      const store = stores.storeOf(id);
      return store === null ? [] : [[id, store]];
    }));
  } finally {
    catalog.close();
  }
}

type Report = Omit<SyncReport, 'duration'>;

class Sync {
  readonly #options: SyncOptions;
  #stores: readonly SyncStore[];
  #failures: ReadonlyMap<string, BatError>;
  #trust: Trust | null = null;

  constructor(options: SyncOptions, { stores, failures }: OpenedStores) {
    this.#options = options;
    this.#stores = stores;
    this.#failures = failures;
  }

  async rebuild(file: string, isDamaged: boolean): Promise<Report> {
    const { plan, dryRun } = this.#options;
    if (this.#stores.every(({ manifests }) => manifests.length === 0)) {
      throw new BatError('NOTHING_STORED', `Nothing is stored of the plan ${plan.name} on ${this.#stores.map(({ target }) => target.location).join(', ')}.`, {
        hint: 'There is no catalog to make. Check the plan and its targets, or make a first backup with `bat run`.',
      });
    }
    const scratch = dryRun ? mkdtempSync(join(tmpdir(), 'bat-sync-')) : null;
    try {
      const damagedCatalog = isDamaged && !dryRun ? keepDamaged(file) : null;
      return await makeCatalog(scratch ? join(scratch, 'catalog.db') : file, async (catalog) => ({ ...(await this.#fill(catalog)), damagedCatalog }), { isScratch: dryRun });
    } finally {
      if (scratch) rmSync(scratch, { recursive: true, force: true });
    }
  }

  async #fill(catalog: Catalog): Promise<Report> {
    const { plan, keys, emit, signal } = this.#options;
    claimName(catalog, plan);
    const hosts = new Set(this.#stores.flatMap(({ marker }) => marker?.writers.map(({ host }) => host) ?? []));
    const read = await this.#import(catalog, { isNew: true, severalHosts: hosts.size > 1 });
    if (read.snapshots.length === 0) throw read.unreadable[0]!.error;
    for (const { target, marker } of this.#stores) if (marker) new Stores(catalog).note(target.id, marker.store, false);
    this.#noteRead(catalog, read);
    const isSealed = this.#stores.some(({ manifests }) => manifests.some(({ sealed }) => sealed));
    if (isSealed) await takePassphraseKeys(catalog, this.#stores, { inputs: keys, now: new Date(), emit, signal });
    return this.#report(catalog, { rebuilt: true, read, takeAbove: 0, known: null });
  }

  async compare(file: string): Promise<Report> {
    const catalog = Catalog.open(file);
    try {
      claimName(catalog, this.#options.plan);
      const before = lastObject(catalog);
      const known = new Map(this.#stores.map(({ target }) => [target.id, namesOn(catalog, target.id)]));
      const wanted = this.#options.adopt ? this.#unknownSnapshots(catalog) : new Set<string>();
      const read = wanted.size > 0 || this.#options.accept ? await this.#import(catalog, { wanted, isNew: false, severalHosts: false }) : null;
      if (read) this.#noteRead(catalog, read);
      else await this.#noteKnown(catalog);
      const report = await this.#report(catalog, { rebuilt: false, read: wanted.size > 0 ? read : null, takeAbove: read ? before : null, known });
      if (!this.#options.dryRun) catalog.flush();
      return report;
    } finally {
      catalog.close();
    }
  }

  /** Of which some target holds a manifest that was not read. */
  #unknownSnapshots(catalog: Catalog): Set<string> {
    const ids = new Set<string>();
    for (const { target, manifests } of this.#stores) {
      const known = namesOn(catalog, target.id);
      const unknown = new Set(unknownManifests(catalog, manifests.map(({ manifestName }) => manifestName).filter((name) => !known.has(name))));
      for (const { id, manifestName } of manifests) if (unknown.has(manifestName)) ids.add(id);
    }
    return ids;
  }

  async #import(catalog: Catalog, how: { isNew: boolean; severalHosts: boolean; wanted?: ReadonlySet<string> }): Promise<ImportReport> {
    const { plan, onProgress, environment, accept, emit, signal } = this.#options;
    const trust = new Trust({ plan, environment, accept, emit });
    this.#trust = trust;
    ({ stores: this.#stores, failures: this.#failures } = await trustStores({ stores: [...this.#stores], failures: new Map(this.#failures) }, trust, emit, signal));
    return importManifests({
      catalog,
      stores: this.#stores,
      sources: plan.sources.map(({ id }) => id),
      targets: plan.targets.map(({ id }) => id),
      onManifest: onProgress,
      signal,
      ...how,
    });
  }

  #noteRead(catalog: Catalog, { signed }: ImportReport): void {
    const { retired } = this.#options;
    for (const store of this.#stores) {
      const lists = this.#trust?.listsOn(store.target.id) ?? [];
      noteWhatWasRead(store, { catalog, lists, signed: signed.get(store.target.id) ?? new Map(), rebuilt: catalog.getMeta('catalog') === null, retired });
    }
  }

  /** The catalog has all manifests; what others have signed since is no reason to read them again. */
  async #noteKnown(catalog: Catalog): Promise<void> {
    const { plan, retired, signal } = this.#options;
    for (const store of this.#stores) {
      const lists = await listsOfOthers({ catalog, plan, signal }, store.target);
      noteWhatWasRead(store, { catalog, lists, signed: null, rebuilt: false, retired });
    }
  }

  /** Looks at every target; what may go is removed once all have been looked at. */
  async #report(catalog: Catalog, { rebuilt, read, takeAbove, known }: { rebuilt: boolean; read: ImportReport | null; takeAbove: number | null; known: ReadonlyMap<string, ReadonlySet<string>> | null }): Promise<Report> {
    const { plan, retired, removeOrphans, dryRun, signal } = this.#options;
    const targets: SyncTarget[] = [];
    const orphans: { store: SyncStore; objects: SyncObject[] }[] = [];
    for (const store of this.#stores) {
      const looked = await lookAt(store, { catalog, plan, retired, takeAbove, signal });
      targets.push({ ...looked.shown, found: [...(known ? adoptedOn(store, catalog, known.get(store.target.id)!) : []), ...looked.shown.found] });
      orphans.push({ store, objects: looked.orphans });
    }
    if (removeOrphans) {
      refuseUnsure(targets);
      // What the catalog learned is kept first: a removal that is cut short leaves nothing wrong behind.
      if (!dryRun && !rebuilt) catalog.flush();
      for (const { store, objects } of orphans) {
        for (const object of objects) {
          if (!dryRun) await store.target.remove(object.name, signal);
          object.state = 'removed';
        }
      }
    }
    for (const [target, problem] of this.#failures) targets.push({ target, location: '', problem, snapshots: 0, deleted: 0, objects: 0, bytes: 0, found: [] });
    const order = plan.targets.map(({ id }) => id);
    targets.sort((a, b) => order.indexOf(a.target) - order.indexOf(b.target));
    const exitCode = read && read.unreadable.length > 0 ? 1 : this.#failures.size > 0 ? exitCodes.TARGETS_INCOMPLETE : 0;
    return { plan: plan.name, rebuilt, damagedCatalog: null, read: read && toRead(read), targets, exitCode };
  }
}

function toRead({ snapshots, manifests, bytes, entries, unreadable }: ImportReport): SyncRead {
  return { snapshots: snapshots.length, manifests, bytes, entries, unreadable };
}

function adoptedOn({ target }: SyncStore, catalog: Catalog, known: ReadonlySet<string>): SyncObject[] {
  const adopted = new Manifests(catalog).on(target.id).filter(({ name }) => !known.has(name));
  return adopted.map(({ name, size }) => ({ name, size, kind: 'manifest', state: 'adopted', why: 'its snapshot, and all that it needs, is known now' }));
}

function namesOn(catalog: Catalog, target: string): Set<string> {
  return new Set(new Manifests(catalog).on(target).map(({ name }) => name));
}

function refuseUnsure(targets: readonly SyncTarget[]): void {
  for (const { target, found } of targets) {
    const unknown = found.filter(({ kind, state }) => kind === 'manifest' && state === 'unknown');
    if (unknown.length === 0) continue;
    throw new BatError('USAGE', `Nothing was removed: ${target} holds ${formatCount(unknown.length, 'manifest')} that the catalog does not know, and what ${unknown.length === 1 ? 'it needs' : 'they need'} cannot be told.`, {
      hint: 'Take them into the catalog first, with `bat sync --adopt`; a key that opens them is needed where they are sealed.',
      subject: target,
    });
  }
}
