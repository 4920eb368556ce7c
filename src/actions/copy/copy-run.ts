/** The copying itself, once both targets are open. */
import { performance } from 'node:perf_hooks';
import { Copying, type CopiedObject, type Readers } from '../../catalog/copying.ts';
import { Manifests, type ManifestRecord } from '../../catalog/manifests.ts';
import { Receipts } from '../../catalog/receipts.ts';
import { Snapshots } from '../../catalog/snapshots.ts';
import { BatError } from '../../core/errors.ts';
import { inParallel } from '../../core/in-parallel.ts';
import { formatCount } from '../../core/units.ts';
import { basesFirst } from '../../runner/bases-first.ts';
import { ObjectCopier, type Copy } from '../../runner/object-copier.ts';
import type { Session } from '../../runner/session.ts';
import { runOfSnapshot, sourceOfSnapshot } from '../../volume/names.ts';
import { chooseManifests } from './choose-manifests.ts';
import { CopyIncomplete, type CopiedSource, type CopyLane, type CopyOptions, type CopyResult } from './contract.ts';
import { CopyProgress } from './progress.ts';
import { refuseOthers } from './readers.ts';

const mostFailures = 1000;
const mostNamed = 20;

export class CopyRun {
  readonly #options: CopyOptions;
  readonly #session: Session;
  readonly #readers: Readers;
  readonly #manifests: Manifests;
  readonly #receipts: Receipts;
  readonly #copying: Copying;
  readonly #started = performance.now();
  readonly #result: CopyResult;
  /** Of the snapshots that were asked for, and those they are laid over; oldest first. */
  readonly #wanted: readonly ManifestRecord[];
  /** Snapshots that the other target holds whole, by manifests of its own making. */
  readonly #otherwise = new Set<string>();
  #firstFailure: BatError | null = null;

  constructor(options: CopyOptions, session: Session, lane: CopyLane) {
    const { from, to, dryRun } = options;
    this.#options = options;
    this.#session = session;
    this.#readers = lane.isPlanned ? lane.own.recipients : 'any';
    this.#manifests = new Manifests(session.catalog);
    this.#receipts = new Receipts(session.catalog);
    this.#wanted = chooseManifests(this.#manifests, new Snapshots(session.catalog), options);
    refuseOthers(this.#wanted, this.#readers, options);
    this.#copying = new Copying(session.catalog, { from, to, readers: this.#readers });
    this.#result = { from, to, dryRun, sources: [], objects: 0, manifests: 0, bytes: 0, deleted: this.#manifests.forgottenOn(to).length, pruned: null, left: [], failures: [], failed: 0, duration: 0 };
  }

  /** What would be copied, by what the catalog knows. */
  rehearse(): CopyResult {
    const { all, newTarget } = this.#options;
    const there = this.#look(newTarget);
    const { objects, bytes } = this.#copying.totals(all || newTarget);
    const manifests = this.#toCopy(there);
    Object.assign(this.#result, { objects, manifests: manifests.length, bytes: bytes + sizeOf(manifests) });
    this.#sumUp(there, new Set(manifests.map(({ snapshot }) => snapshot)));
    return this.#result;
  }

  async run(): Promise<CopyResult> {
    const { all, to } = this.#options;
    const there = this.#look(false);
    const { objects, bytes } = this.#copying.totals(all);
    const manifests = this.#toCopy(there);
    const progress = new CopyProgress(this.#session.emit, { objects: objects + manifests.length, bytes: bytes + sizeOf(manifests) });
    const copier = new ObjectCopier({
      session: this.#session,
      target: this.#session.targets.get(to)!,
      newSealer: null,
      onLost: (copy, error) => this.#fail(copy, error),
      onSent: (count) => progress.sent(count),
    });
    await this.#copyObjects(copier, progress);
    this.#throwIfOver();
    const copied = await this.#copyManifests(copier, progress, there, manifests);
    this.#throwIfOver();
    progress.end();
    this.#sumUp(there, copied);
    return this.#result;
  }

  /** Throws CopyIncomplete if anything is missing. */
  end(result: CopyResult): CopyResult {
    if (result.left.length === 0 && result.failed === 0) return result;
    const failure = this.#firstFailure;
    const { from, to, left, failed } = result;
    const what = left.length > 0 ? `${formatCount(left.length, 'snapshot')} could not be copied whole from ${from} to ${to}` : `${formatCount(failed, 'object')} could not be copied from ${from} to ${to}`;
    const named = left.slice(0, mostNamed).map(({ snapshot, reason }) => `  ${snapshot}: ${reason}`);
    const more = left.length > named.length ? [`  and ${formatCount(left.length - named.length, 'more', 'more')}`] : [];
    throw new CopyIncomplete(failure?.code ?? 'OBJECT_MISSING', [`${what}.`, ...named, ...more].join('\n'), result, { cause: failure, hint: hintOf(failure, result) });
  }

  /** The snapshots that the other target holds already. Notes which volumes are wanted there. */
  #look(isEmpty: boolean): Set<string> {
    const held = new Map(isEmpty ? [] : this.#manifests.on(this.#options.to).map((manifest) => [manifest.snapshot, manifest]));
    for (const manifest of this.#wanted) {
      const other = held.get(manifest.snapshot);
      if (other && !isSame(manifest, other)) this.#otherwise.add(manifest.snapshot);
      else this.#copying.want(manifest, runOfSnapshot(manifest.snapshot));
    }
    return new Set(held.keys());
  }

  #toCopy(there: ReadonlySet<string>): ManifestRecord[] {
    return this.#wanted.filter(({ snapshot }) => !there.has(snapshot) || (this.#options.all && !this.#otherwise.has(snapshot)));
  }

  async #copyObjects(copier: ObjectCopier, progress: CopyProgress): Promise<void> {
    const sender = copier.sender('cold');
    await inParallel(this.#copying.objects(this.#options.all), copier.sideBySide(sender), async (object) => {
      if (copier.isReachable && copier.isSource(this.#options.from)) await this.#copyObject(copier, sender, object, progress);
    });
  }

  async #copyObject(copier: ObjectCopier, sender: ReturnType<ObjectCopier['sender']>, object: CopiedObject, progress: CopyProgress): Promise<void> {
    const { from, to } = this.#options;
    const { name, size, sha256, id } = object;
    const copy: Copy = { name, from, fromName: name, size, sha256, seal: false };
    if (!this.#session.targets.get(to)!.acceptsName(name)) {
      this.#fail(copy, new BatError('TARGET_DENIED', `${to} cannot hold an object of this name.`, { subject: name }));
      return;
    }
    const sent = await copier.copy(sender, copy);
    if (sent === 'damaged') this.#receipts.remove(id, from);
    const receipt = sent === null || sent === 'damaged' ? undefined : sent.receipts.get(to);
    if (receipt) {
      this.#receipts.add(id, to, receipt, this.#session.startedAt);
      this.#result.objects++;
      this.#result.bytes += size;
    }
    this.#session.catalog.flush();
    progress.done();
  }

  /** Those that are there with all that they speak of, and with what they are laid over: a target must not claim what it cannot give back. */
  async #copyManifests(copier: ObjectCopier, progress: CopyProgress, there: ReadonlySet<string>, manifests: readonly ManifestRecord[]): Promise<Set<string>> {
    const missing = this.#copying.missingVolumes();
    const copied = new Set<string>();
    const sender = copier.sender('hot');
    const leave = ({ snapshot }: ManifestRecord, reason: string): void => void this.#result.left.push({ snapshot, reason });
    for (const manifest of this.#wanted) if (there.has(manifest.snapshot) && !manifests.includes(manifest) && !isWhole(manifest, missing)) leave(manifest, 'some of its objects could not be copied');
    const held = new Set(this.#options.all ? [...there].filter((id) => !manifests.some(({ snapshot }) => snapshot === id)) : there);
    const left = await basesFirst(manifests, held, copier.sideBySide(sender), async (manifest) => {
      if (!copier.isReachable || !copier.isSource(this.#options.from)) return false;
      const reason = isWhole(manifest, missing) ? await this.#copyManifest(copier, sender, manifest) : 'some of its objects could not be copied';
      progress.done();
      if (reason === null) copied.add(manifest.snapshot);
      else leave(manifest, reason);
      return reason === null;
    });
    for (const manifest of left) leave(manifest, `what it is laid over is not there${manifest.base === null || manifest.base === '' ? '' : ` (${manifest.base})`}`);
    return copied;
  }

  /** Why it could not be copied, or null. */
  async #copyManifest(copier: ObjectCopier, sender: ReturnType<ObjectCopier['sender']>, manifest: ManifestRecord): Promise<string | null> {
    const { from, to } = this.#options;
    const { name, size, sha256 } = manifest;
    if (sha256 === null) return 'the catalog does not know what its manifest should be; `bat sync` finds out';
    const sent = await copier.copy(sender, { name, from, fromName: name, size, sha256, seal: false });
    if (sent === null || sent === 'damaged' || !sent.receipts.has(to)) return 'its manifest could not be copied';
    this.#manifests.addCopy({ ...manifest, target: to }, from);
    this.#session.catalog.flush();
    this.#result.manifests++;
    this.#result.bytes += size;
    return null;
  }

  #fail({ name }: Copy, error: BatError): void {
    this.#firstFailure ??= error;
    this.#result.failed++;
    if (this.#result.failures.length >= mostFailures) return;
    this.#result.failures.push({ object: name, code: error.code, message: error.message });
    this.#session.emit({ type: 'issue', target: this.#options.from, issue: { kind: 'lost', path: name, message: error.message } });
  }

  /** Once a target has failed, nothing more can be done. What was copied until then stays. */
  #throwIfOver(): void {
    const { signal, failures, unreadable } = this.#session;
    signal.throwIfAborted();
    const failure = failures.get(this.#options.to);
    if (failure) throw failure;
    if (unreadable.has(this.#options.from)) throw this.#firstFailure!;
  }

  #sumUp(there: ReadonlySet<string>, copied: ReadonlySet<string>): void {
    const left = new Set(this.#result.left.map(({ snapshot }) => snapshot));
    const sources = new Map<string, CopiedSource>();
    for (const { snapshot } of this.#wanted) {
      const source = sourceOfSnapshot(snapshot);
      const row = sources.get(source) ?? { source, copied: 0, there: 0, left: 0 };
      sources.set(source, row);
      if (left.has(snapshot)) row.left++;
      else if (copied.has(snapshot)) row.copied++;
      else if (there.has(snapshot)) row.there++;
    }
    this.#result.sources = [...sources.values()].sort((a, b) => (a.source < b.source ? -1 : 1));
    this.#result.duration = performance.now() - this.#started;
  }
}

/** The other target may have a manifest of the same snapshot that speaks of objects of its own. */
function isSame(manifest: ManifestRecord, other: ManifestRecord): boolean {
  if (manifest.sha256 === null || other.sha256 === null) return manifest.name === other.name;
  return manifest.sha256.equals(other.sha256);
}

function isWhole({ volumes, snapshot }: ManifestRecord, missing: ReadonlyMap<number, string>): boolean {
  if (missing.size === 0) return true;
  if (volumes !== null) return !volumes.some((volume) => missing.has(volume));
  const last = runOfSnapshot(snapshot);
  return ![...missing.values()].some((run) => run <= last);
}

function sizeOf(manifests: readonly ManifestRecord[]): number {
  return manifests.reduce((sum, { size }) => sum + size, 0);
}

function hintOf(failure: BatError | null, { from, to }: CopyResult): string {
  if (failure?.code === 'OBJECT_COLD') return `What lies in cold storage on ${from} must be thawed first: \`bat restore --from ${from} --dry-run\` shows time and price. All else is there.`;
  if (failure) return 'All else is there. The next `bat run` stores again what the sources still have of it; then copy once more.';
  return `What ${from} holds of it is not whole, or is for other readers than the plan names for ${to}. The next \`bat run\` stores there what the sources still have of it.`;
}
