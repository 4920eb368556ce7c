/** Looks at all that one target should hold, and reads as much of it as is wanted. */
import { dirname } from 'node:path';
import type { Catalog } from '../../catalog/catalog.ts';
import { Checks } from '../../catalog/checks.ts';
import { IdSet } from '../../catalog/id-set.ts';
import { Listing } from '../../catalog/listing.ts';
import { Manifests } from '../../catalog/manifests.ts';
import { Objects } from '../../catalog/objects.ts';
import { Stores } from '../../catalog/stores.ts';
import { Sufferers } from '../../catalog/sufferers.ts';
import { VerifyList } from '../../catalog/verify-list.ts';
import { BatError } from '../../core/errors.ts';
import { checkMarker } from '../../runner/mark-targets.ts';
import { readSigner, signingKeyFile } from '../../steps/shared/signing-key.ts';
import type { Target } from '../../targets/target.ts';
import type { KeyRing } from '../../volume/age.ts';
import { openKeys } from '../store.ts';
import { checkHelp, checkPlace } from './check-help.ts';
import { wrongWithList } from './check-list.ts';
import { checkManifests } from './check-manifests.ts';
import { ObjectsCheck } from './check-objects.ts';
import type { Finding, TargetVerified, VerifyOptions } from './contract.ts';
import type { Damage } from './damage.ts';
import { Notes } from './notes.ts';

/** So many findings are compared with all that bat ever stored: each goes through the whole catalog. */
const mostLookedUp = 50;
/** Asked for where nothing marks the store and no listing tells that something is there. */
const mostProbed = 3;

export class TargetCheck {
  readonly damage: Damage;
  readonly #options: VerifyOptions;
  readonly #catalog: Catalog;
  readonly #target: Target;
  readonly #started = Date.now();
  readonly #now = new Date().toISOString();
  readonly #list: VerifyList;
  readonly #listing: Listing | null;
  readonly #checks: Checks;
  readonly #notes: Notes;
  readonly #sufferers: Sufferers;
  readonly #summary: TargetVerified;
  #keys: KeyRing | null = null;
  #lookedUp = 0;

  constructor(options: VerifyOptions, catalog: Catalog, target: Target) {
    const { id, location, capabilities } = target;
    this.#options = options;
    this.#catalog = catalog;
    this.#target = target;
    this.#list = new VerifyList(catalog, id);
    const listing = new Listing(catalog, id);
    this.#listing = capabilities.listing === 'cheap' && !capabilities.listsLate ? listing : null;
    this.#checks = new Checks(catalog);
    this.#notes = new Notes(this.#checks, id, this.#now);
    this.#sufferers = new Sufferers(catalog);
    this.damage = { target: id, objects: [], manifests: [], lacking: [], others: 0, hasNoMarker: false, lost: new IdSet() };
    this.#summary = {
      target: id, location, objects: 0, bytes: 0, manifests: 0, readObjects: 0, readBytes: 0, how: 'listed', cold: 0, withoutKey: 0, damaged: 0, unknown: 0, readSince: null,
      failure: null, duration: 0,
    };
  }

  /** A failure of the target is in the summary. */
  async run(): Promise<TargetVerified> {
    const { tell, signal } = this.#options;
    const summary = this.#summary;
    let isWhole = false;
    try {
      isWhole = await this.#check();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      if (error.code === 'KEY_WRONG' || error.code === 'KEY_MISSING') throw error;
      summary.failure = error;
    } finally {
      this.#finish(isWhole);
    }
    tell({ type: 'target-summary', summary });
    return summary;
  }

  #finish(isWhole: boolean): void {
    const { emit } = this.#options;
    const { id } = this.#target;
    const summary = this.#summary;
    const isNoted = this.#notes.write() && (summary.failure !== null || this.#checks.end(id, { time: new Date().toISOString(), how: summary.how, damaged: summary.damaged }, isWhole));
    if (!isNoted) emit({ type: 'issue', target: id, issue: { kind: 'note', message: 'another bat is at work with this plan: not all that was checked could be noted, and it will be checked again' } });
    summary.readSince = this.#checks.readSince(id);
    summary.duration = Date.now() - this.#started;
  }

  /** True if all that was to be read was read. */
  async #check(): Promise<boolean> {
    const { sources, amount, keys, tell, signal } = this.#options;
    const { id, location } = this.#target;
    await this.#connect();
    this.#list.fill(sources, keys ? ['decoded'] : ['checksum', 'decoded']);
    Object.assign(this.#summary, this.#list.totals());
    tell({ type: 'target', target: id, location, objects: this.#summary.objects, bytes: this.#summary.bytes });
    if (keys) this.#keys = await openKeys(this.#target, keys, signal);
    await this.#readListing();
    const place = await checkPlace(this.#catalog, this.#target, () => this.#holdsSomething(), signal);
    if (place) {
      this.damage.hasNoMarker = true;
      this.#foundHelp(place);
    }
    for await (const wrong of checkHelp(this.#catalog, this.#target, this.#list, signal)) this.#foundHelp(wrong);
    const signer = readSigner(signingKeyFile(dirname(this.#catalog.file)))?.publicKey ?? null;
    const wrongList = signer === null ? null : await wrongWithList(this.#catalog, this.#target, signer, signal);
    if (wrongList) this.#foundHelp(wrongList);
    await checkManifests({
      options: this.#options, catalog: this.#catalog, target: this.#target, listing: this.#listing, keys: this.#keys, signer, summary: this.#summary, damage: this.damage,
      nameOf: (sha256) => this.#nameOf(sha256), found: (finding) => this.#found(finding),
    });
    for (const { volume, name } of this.#list.lacking()) {
      this.#found({ kind: 'object', name, problem: 'lacking', message: 'is gone, as was known before', elsewhere: this.#list.othersWith(volume) });
      this.damage.lacking.push(volume);
      this.#sufferers.addChunksNowhereElse(volume, id, this.damage.lost);
    }
    const objects = new ObjectsCheck({
      options: this.#options, catalog: this.#catalog, target: this.#target, list: this.#list, isListed: this.#listing !== null, checks: this.#checks, notes: this.#notes,
      started: this.#now, summary: this.#summary, damage: this.damage, keys: this.#keys, nameOf: (sha256) => this.#nameOf(sha256), found: (finding) => this.#found(finding),
    });
    await objects.look();
    await objects.readDoubtful();
    if (amount.kind !== 'nothing') await objects.readSound();
    return amount.kind === 'everything' || amount.kind === 'part';
  }

  /** A folder that is not there was never made, or is that of a disk which is not mounted. */
  async #connect(): Promise<void> {
    try {
      await this.#target.connect({ create: false, signal: this.#options.signal });
    } catch (error) {
      if (error instanceof BatError && error.code === 'NOTHING_STORED') checkMarker(this.#target, null, new Stores(this.#catalog).storeOf(this.#target.id));
      throw error;
    }
  }

  async #readListing(): Promise<void> {
    const { tell, signal } = this.#options;
    if (!this.#listing) return;
    let objects = 0;
    for await (const { name, size, checksum } of this.#target.list('', signal)) {
      this.#listing.add(name, size, checksum);
      if (++objects % 1000 === 0) tell({ type: 'listing', target: this.#target.id, objects });
    }
    this.#summary.unknown = this.#listing.unknownManifests().length;
  }

  async #holdsSomething(): Promise<boolean> {
    if (this.#listing) return !this.#listing.isEmpty;
    for (const { name } of new Manifests(this.#catalog).on(this.#target.id).slice(-mostProbed)) if (await this.#target.stat(name, this.#options.signal)) return true;
    return false;
  }

  #foundHelp(wrong: Omit<Finding, 'target' | 'elsewhere'>): void {
    this.damage.others++;
    this.#found({ ...wrong, elsewhere: [] });
  }

  #nameOf(sha256: Buffer): string | null {
    return ++this.#lookedUp > mostLookedUp ? null : (new Manifests(this.#catalog).nameOf(sha256) ?? new Objects(this.#catalog).nameOf(sha256));
  }

  #found(finding: Omit<Finding, 'target'>): void {
    this.#summary.damaged++;
    this.#options.tell({ type: 'finding', finding: { target: this.#target.id, ...finding } });
  }
}
