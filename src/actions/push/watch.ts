/**
 * Stays, and sends what comes. Everything is looked through when it begins, once an hour, and whenever something may have been missed:
 * events are only the way to be quick.
 */
import fs from 'node:fs';
import { relative } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { BatError, type ErrorCode } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { formatDuration } from '../../core/units.ts';
import { wait } from '../../core/wait.ts';
import { lookAt } from '../../steps/select/look.ts';
import type { Rules } from '../../steps/select/rules.ts';
import { identityOf } from './read-file.ts';
import { QuietFiles, sleep } from './quiet-files.ts';
import type { PushRoot } from './roots.ts';
import { fileOf, wholeRoot, type WalkedFile } from './walk.ts';

export interface WatchOptions {
  /** Opened anew after a disk was away. */
  openRoots(): PushRoot[];
  rules: Rules;
  /** Milliseconds that a file must have been quiet for. */
  settle: number;
  /** Milliseconds until it is tried again what may be mended meanwhile. */
  tryAgainAfter: number;
  signal: AbortSignal;
  emit: Emit;
  /** All is sent, and so many folders are watched. Called whenever that is so again. */
  watching(folders: number): void;
  /** Sends all files that are quiet, and gives the others to `later`. */
  all(roots: readonly PushRoot[], isQuiet: (file: WalkedFile) => boolean): Promise<void>;
  some(files: readonly WalkedFile[]): Promise<void>;
}

/** Milliseconds. */
const lookEvery = 3_600_000;
/** Where not every folder can be watched. */
const lookOften = 300_000;
/** What may be mended while it waits: a disk that is away here or there, a server that is something else for a while. */
const passing = new Set<ErrorCode>(['SOURCE_MISSING', 'TARGET_UNREACHABLE', 'TARGET_FAILED']);

/**
 * Comes back when the signal is aborted and nothing is left to send; throws the signal's reason if something is. Throws what does not
 * pass, and whatever keeps it from sending everything once.
 */
export async function watchRoots(options: WatchOptions): Promise<void> {
  let hasBegun = false;
  for (;;) {
    try {
      return await new Watch(options, options.openRoots(), () => (hasBegun = true)).run();
    } catch (error) {
      if (!hasBegun || options.signal.aborted || !(error instanceof BatError) || !passing.has(error.code)) throw error;
      options.emit({ type: 'issue', issue: { kind: 'note', message: `${error.message} It is tried again in ${formatDuration(options.tryAgainAfter)}.` } });
      await wait(options.tryAgainAfter, options.signal);
    }
  }
}

class Watch {
  readonly #options: WatchOptions;
  readonly #roots: readonly PushRoot[];
  readonly #begun: () => void;
  readonly #quiet: QuietFiles;
  #lookEvery = lookEvery;
  #isMissed = false;
  #wake: () => void = () => {};

  /** `begun` is called when everything has been sent once. */
  constructor(options: WatchOptions, roots: readonly PushRoot[], begun: () => void) {
    this.#options = options;
    this.#roots = roots;
    this.#begun = begun;
    this.#quiet = new QuietFiles(options.settle, looksLike);
  }

  async run(): Promise<void> {
    const watcher = await this.#watch();
    try {
      await this.#sendAll();
      this.#begun();
      await this.#stay(() => Object.keys(watcher.getWatched()).length);
    } finally {
      await watcher.close();
    }
  }

  async #stay(folders: () => number): Promise<void> {
    const { signal, some, watching } = this.#options;
    watching(folders());
    let lookAtAll = performance.now() + this.#lookEvery;
    for (;;) {
      if (signal.aborted) {
        if (this.#quiet.size > 0) throw signal.reason;
        return;
      }
      if (this.#isMissed || performance.now() >= lookAtAll) {
        await this.#sendAll();
        watching(folders());
        lookAtAll = performance.now() + this.#lookEvery;
      }
      const quiet = this.#quiet.take().flatMap((path) => this.#fileAt(path) ?? []);
      if (quiet.length > 0) {
        await some(quiet);
        watching(folders());
      } else await sleep(Math.min(this.#quiet.dueIn, lookAtAll - performance.now()), (wake) => (this.#wake = wake), signal);
    }
  }

  /** What was changed a moment ago may be half written: it waits. */
  async #sendAll(): Promise<void> {
    const { settle, all } = this.#options;
    this.#isMissed = false;
    await all(this.#roots, ({ absolute, ctimeMs }) => {
      const isQuiet = Math.abs(Date.now() - ctimeMs) >= settle;
      if (!isQuiet) this.#quiet.heard(absolute);
      return isQuiet;
    });
  }

  /** Ready: from now on nothing that happens is missed. */
  async #watch(): Promise<FSWatcher> {
    const { watch } = await import('chokidar');
    const { signal } = this.#options;
    const paths = this.#roots.map(({ path }) => path);
    const watcher = watch(paths, { ignoreInitial: true, followSymlinks: false, atomic: false, ignored: (path, stat) => stat !== undefined && this.#isExcluded(path, stat.isDirectory()) });
    const heard = (path: string): void => {
      this.#quiet.heard(path);
      this.#wake();
    };
    const gone = (path: string): void => {
      if (paths.includes(path)) this.#lookAgain();
    };
    watcher.on('add', heard).on('change', heard).on('unlink', gone).on('unlinkDir', gone);
    watcher.on('error', (error) => this.#problem(error));
    await new Promise<void>((resolve) => {
      watcher.once('ready', resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return watcher;
  }

  /** Some events may be missed: everything is looked through now, and more often. */
  #problem(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#lookEvery !== lookOften) {
      this.#options.emit({ type: 'issue', issue: { kind: 'note', message: `Not every change is seen at once: ${message}. Everything is looked through every ${formatDuration(lookOften)}.` } });
    }
    this.#lookEvery = lookOften;
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.#isMissed = true;
    this.#wake();
  }

  #isExcluded(path: string, isFolder: boolean): boolean {
    return this.#roots.some((root) => {
      const inner = relative(root.path, path);
      return inner !== '' && !inner.startsWith('..') && this.#options.rules.excludes(inner, isFolder);
    });
  }

  /** Null if it is nothing to be sent. */
  #fileAt(path: string): WalkedFile | null {
    const root = this.#roots.find((one) => path === one.path || path.startsWith(one.path === '/' ? '/' : `${one.path}/`));
    if (!root) return null;
    try {
      const found = lookAt(path, 'skip', () => false);
      if (path === root.path) return found.type === 'file' ? wholeRoot({ ...root, stat: found.stat }) : null;
      return fileOf(root, relative(root.path, path), path, found, { rules: this.#options.rules, skipped: { symlinks: 0, special: 0 } });
    } catch {
      // Gone, or not to be looked at: the next look at everything tells.
      return null;
    }
  }
}

/** Null for all that is no file. */
function looksLike(path: string): string | null {
  const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.isFile() ? identityOf(stat) : null;
}
