/**
 * Keeps a second server, a folder or a target the same as the library of a server: `bat mirror`. Two hash tables are compared; what lies there under another
 * name is moved, what is missing is sent, and nothing that lies there is ever written over. Removing waits out a grace period.
 */
import { takeLock, type Lock } from '../catalog/lock.ts';
import { MirrorLists } from '../catalog/mirror-lists.ts';
import { BatError } from '../core/errors.ts';
import { formatCount } from '../core/units.ts';
import { CarryOut } from './mirror/carry-out.ts';
import { MirrorIncomplete, type MirrorOptions, type MirrorResult } from './mirror/contract.ts';
import { clockProblem, dueOf, LossGuard } from './mirror/deletion.ts';
import { mirrorRetry, openMirrorPlace } from './mirror/open-place.ts';
import type { MirrorPlace } from './mirror/place.ts';
import { ServerLibrary } from './mirror/server-library.ts';
import { MirrorSource } from './mirror/source.ts';
import { pairFiles, placeFiles, readWaiting, writeWaiting, type PairFiles, type Waiting } from './mirror/waiting.ts';

export { parseServer } from './mirror/address.ts';
export { MirrorIncomplete, type MirrorAction, type MirrorOptions, type MirrorResult } from './mirror/contract.ts';

/**
 * Throws MirrorIncomplete if something was left, once all else is done (MIRROR_INCOMPLETE, SOURCE_UNREADABLE, DELETION_REFUSED); USAGE, PLAN_LOCKED if
 * another one mirrors to the same place, and what either side fails with.
 */
export async function mirror(options: MirrorOptions): Promise<MirrorResult> {
  const { from, environment, emit, signal, dryRun, time = new Date() } = options;
  const source = new MirrorSource(new ServerLibrary({ ...from, side: 'from', policy: mirrorRetry(options), emit, signal }));
  try {
    const place = await openMirrorPlace(options, source.shown, time);
    try {
      const files = pairFiles(source.shown, place.identity, environment);
      if (dryRun) return await new Mirror(options, source, place, files, time).run();
      const lock = holdPlace(place, environment);
      try {
        return await new Mirror(options, source, place, files, time).run();
      } finally {
        lock.release();
      }
    } finally {
      await place.close();
    }
  } finally {
    await source.close();
  }
}

/** Throws PLAN_LOCKED, STATE_FAILED. */
function holdPlace({ identity, shown }: MirrorPlace, environment: NodeJS.ProcessEnv): Lock {
  try {
    return takeLock(placeFiles(identity, environment).lock, 'mirror');
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'PLAN_LOCKED') throw error;
    throw new BatError('PLAN_LOCKED', `Another bat mirrors to ${shown} just now.`, { hint: 'Wait until it is done, or stop it; its lock goes with it.', cause: error });
  }
}

class Mirror {
  readonly #options: MirrorOptions;
  readonly #source: MirrorSource;
  readonly #place: MirrorPlace;
  readonly #files: PairFiles;
  readonly #time: Date;
  readonly #lists = new MirrorLists();
  readonly #result: MirrorResult;
  #waitsAnew = false;

  constructor(options: MirrorOptions, source: MirrorSource, place: MirrorPlace, files: PairFiles, time: Date) {
    this.#options = options;
    this.#source = source;
    this.#place = place;
    this.#files = files;
    this.#time = time;
    const none = (): { files: number; bytes: number } => ({ files: 0, bytes: 0 });
    this.#result = { from: source.shown, to: place.shown, dryRun: options.dryRun, same: 0, sent: none(), moved: none(), copied: none(), aside: none(), removed: none(), waiting: { ...none(), next: null }, extra: none(), failed: 0, changed: 0, unread: 0, duration: 0 };
  }

  async run(): Promise<MirrorResult> {
    const startedAt = performance.now();
    try {
      await this.#compare();
      const refusal = await this.#prepareRemoval();
      const work = new CarryOut({ options: this.#options, source: this.#source, place: this.#place, lists: this.#lists, result: this.#result });
      await work.fill();
      this.#tellWaiting(refusal !== null);
      if (this.#options.delete && !refusal) await work.remove(this.#due());
      await this.#place.settle();
      this.#result.duration = performance.now() - startedAt;
      this.#confirmAll(refusal);
      return this.#result;
    } finally {
      this.#lists.close();
    }
  }

  async #compare(): Promise<void> {
    const { say } = this.#options;
    const { prefix } = this.#place;
    let unread: { path: string; why: string }[] = [];
    say(`reading the hash table of ${this.#source.shown}`);
    const folders = await this.#source.look({
      begin: () => {
        this.#lists.forget('wanted');
        unread = [];
      },
      want: (file) => this.#lists.want({ ...file, path: `${prefix}${file.path}` }),
      unread: (path, why) => unread.push({ path, why }),
    });
    say(`reading the hash table of ${this.#place.shown}`);
    await this.#place.look({ begin: () => this.#lists.forget('there'), have: (file) => this.#lists.have(file), folders: this.#source.isWhole ? folders : null });
    for (const { path, why } of unread) {
      this.#lists.leave(path === '' ? prefix.slice(0, -1) : `${prefix}${path}`);
      this.#options.emit({ type: 'issue', issue: { kind: 'unread', path: path === '' ? this.#source.shown : path, message: `${why}: what lies on the other side stays as it is.` } });
    }
    this.#result.unread = unread.length;
    await this.#readWaiting();
    say('comparing');
    this.#lists.compare((path, attempt) => this.#place.asideOf(path, attempt));
    this.#result.same = this.#lists.same();
  }

  async #readWaiting(): Promise<void> {
    const isWhole = await readWaiting(this.#files.waiting, (waiting) => this.#lists.noteWaiting(waiting));
    if (isWhole) return;
    // What was read of it may be wrong, too.
    this.#waitsAnew = true;
    this.#options.emit({ type: 'issue', issue: { kind: 'note', path: this.#files.waiting, message: 'The note of what waits for its removal is damaged: all of it begins to wait anew.' } });
  }

  /** Notes what waits, before anything else is done: what is back waits no more, also where this mirror is killed. Returns why nothing is to be removed, if so. */
  async #prepareRemoval(): Promise<BatError | null> {
    const { dryRun } = this.#options;
    // By a wrong clock nothing is noted either.
    const wrong = this.#options.delete && !this.#options.forceDelete ? await clockProblem(this.#source) : null;
    if (wrong) return wrong;
    if (!dryRun) await writeWaiting(this.#files.waiting, { from: this.#source.shown, to: this.#place.shown }, this.#stillWaiting());
    return this.#options.delete ? this.#lossOf() : null;
  }

  *#extras(): Generator<{ path: string; size: number; sha256: string; known: boolean; isDue: boolean; since: string; until: string }> {
    const { grace } = this.#options;
    for (const { path, size, sha256, since } of this.#lists.extras()) yield { path, size, sha256, known: since !== null, ...dueOf({ since: this.#waitsAnew ? null : since }, grace, this.#time) };
    for (const { to: path, size, sha256, isKept } of this.#lists.asides()) if (isKept) yield { path, size, sha256, known: false, ...dueOf({ since: null }, grace, this.#time) };
  }

  *#due(): Generator<{ path: string; size: number; sha256: string }> {
    for (const { path, size, sha256, isDue } of this.#extras()) if (isDue) yield { path, size, sha256 };
  }

  /** Without `delete` nothing begins to wait. What is removed in a moment is noted, too: it may be that it cannot be. */
  *#stillWaiting(): Generator<Waiting> {
    for (const { path, sha256, since, known } of this.#extras()) if (this.#options.delete || known) yield { path, sha256, since };
  }

  #tellWaiting(refused: boolean): void {
    const { waiting, extra } = this.#result;
    for (const { path, size, isDue, until } of this.#extras()) {
      const tally = this.#options.delete ? waiting : extra;
      if (this.#options.delete && isDue && !refused) continue;
      tally.files++;
      tally.bytes += size;
      if (!this.#options.delete) continue;
      if (waiting.next === null || until < waiting.next) waiting.next = until;
      this.#options.tell({ action: 'wait', path, bytes: size, until });
    }
  }

  #lossOf(): BatError | null {
    if (this.#options.forceDelete) return null;
    const { prefix } = this.#place;
    const folderOf = (path: string): string => (this.#source.isWhole ? path.slice(prefix.length).split('/')[0]! : '');
    const guard = new LossGuard(folderOf);
    for (const { path } of this.#due()) guard.count(path);
    return guard.refusal(this.#source.shown, (folder) => this.#lists.wanted(folder === '' ? '' : `${prefix}${folder}`).files);
  }

  /** Throws MirrorIncomplete if anything is left. */
  #confirmAll(refusal: BatError | null): void {
    const { failed, changed, unread } = this.#result;
    const incomplete = refusal
      ? new MirrorIncomplete(refusal.code, refusal.message, { hint: refusal.hint! })
      : failed > 0
        ? new MirrorIncomplete('MIRROR_INCOMPLETE', `${formatCount(failed, 'file')} could not be brought in line.`, { hint: 'Each is named above. The next mirror tries again, and does nothing twice.' })
        : unread + changed > 0
          ? new MirrorIncomplete('SOURCE_UNREADABLE', `All else is mirrored, but ${leftOf(changed, unread)}.`, { hint: 'They are named above. What changed meanwhile comes with the next mirror; what the server cannot read, or has damaged, its own log explains.' })
          : null;
    if (!incomplete) return;
    incomplete.result = this.#result;
    throw incomplete;
  }
}

function leftOf(changed: number, unread: number): string {
  const parts = [...(changed > 0 ? [`${formatCount(changed, 'file')} changed meanwhile`] : []), ...(unread > 0 ? [`the server does not know what is in ${formatCount(unread, 'file or folder', 'files and folders')} of its own`] : [])];
  return parts.join(', and ');
}
