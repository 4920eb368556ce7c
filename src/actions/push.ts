/** Sends files to the library of a bat server: only what it does not have yet, whatever the files are called there by now. */
import { FileHashes } from '../catalog/file-hashes.ts';
import { PushList } from '../catalog/push-list.ts';
import type { FoundFile } from '../catalog/push-list.ts';
import { BatError } from '../core/errors.ts';
import type { Emit, Issue } from '../core/events.ts';
import { LimitedPace } from '../core/pace.ts';
import type { RetryPolicy } from '../core/retry.ts';
import { formatCount } from '../core/units.ts';
import type { Destination } from './push/destination.ts';
import { openRoot, type PushRoot } from './push/roots.ts';
import { PushServer } from './push/server.ts';
import { hashesFile } from './push/state-file.ts';
import { emptySummary, type PushSummary } from './push/tally.ts';
import { Transfer, type SentFile } from './push/transfer.ts';
import { excludeRules, walk, type WalkedFile } from './push/walk.ts';
import { watchRoots } from './push/watch.ts';

export { parseDestination, type Destination } from './push/destination.ts';
export type { PushSummary } from './push/tally.ts';
export type { SentFile } from './push/transfer.ts';

/** What a view shows besides the events that all commands have. */
export type PushEvent = { type: 'looking'; files: number; bytes: number } | ({ type: 'file' } & SentFile) | { type: 'watching'; folders: number };

/** In milliseconds. */
export interface WatchTimes {
  /** A file must have been quiet for so long. */
  settle: number;
  /** So often it is looked whether a disk, or a server that is another one for a while, is back. */
  tryAgainAfter: number;
}

export interface PushOptions {
  destination: Destination;
  /** As `bat serve token` printed it; null for a server without users. */
  token: string | null;
  /** The file of a certificate to trust; null for those of the system. */
  ca: string | null;
  /** Files and folders, as they were written. */
  paths: readonly string[];
  /** Patterns in gitignore syntax; they count from each path. */
  exclude: readonly string[];
  /** Files at a time. */
  parallel: number;
  /** Bytes a second; null for no limit. */
  limit: number | null;
  /** What is done while the server does not answer. */
  retry: RetryPolicy;
  dryRun: boolean;
  /** Stays, and sends what comes; null: ends when all is sent. */
  watch: WatchTimes | null;
  environment: NodeJS.ProcessEnv;
  emit: Emit;
  tell(event: PushEvent): void;
  signal: AbortSignal;
}

/** Something could not be sent; `summary` has all that was. */
class PushIncomplete extends BatError {
  summary: PushSummary = emptySummary();
}

/** What was counted when something ended the push. */
export class PushEnded extends Error {
  readonly summary: PushSummary;
  constructor(cause: unknown, summary: PushSummary) {
    super('The push has ended.', { cause });
    this.summary = summary;
  }
}

/** Paths are told so often while they are looked for. */
const toldEvery = 1000;

/**
 * Throws PushEnded, whose cause is PushIncomplete if files are left that could not be sent, and else why nothing went on: USAGE,
 * SOURCE_MISSING, what a call to the server fails with, the signal's reason. With `watch` it ends by the signal only, and comes back if nothing is left.
 */
export async function push(options: PushOptions): Promise<PushSummary> {
  const summary = emptySummary();
  const startedAt = performance.now();
  try {
    await new Push(options, summary).run();
    summary.duration = performance.now() - startedAt;
    return summary;
  } catch (error) {
    summary.duration = performance.now() - startedAt;
    throw new PushEnded(error, summary);
  }
}

class Push {
  readonly #options: PushOptions;
  readonly #summary: PushSummary;
  readonly #rules;
  #full: BatError | null = null;

  constructor(options: PushOptions, summary: PushSummary) {
    this.#options = options;
    this.#summary = summary;
    this.#rules = excludeRules(options.exclude);
  }

  async run(): Promise<void> {
    const { environment, emit } = this.#options;
    // What is not there is told before anything is asked of the server.
    this.#openRoots();
    const file = hashesFile(environment);
    const hashes = FileHashes.open(file, (reason) =>
      emit({ type: 'issue', issue: { kind: 'note', path: file, message: `It was damaged and is made anew, so all files are read again: ${reason}.` } }),
    );
    try {
      const server = this.#connect(hashes);
      try {
        // A token that is wrong, or a server that is none, is known before a million files are looked at.
        await server.missing([]);
        await this.#send(hashes, server);
      } finally {
        await server.close();
      }
    } finally {
      hashes.close();
    }
    this.#confirmAll();
  }

  #connect(hashes: FileHashes): PushServer {
    const { destination, token, ca, limit, retry, emit, signal } = this.#options;
    const pace = limit === null ? undefined : new LimitedPace({ upload: limit });
    return new PushServer({ destination, token, ca, pace, policy: retry, hashes, emit, signal });
  }

  async #send(hashes: FileHashes, server: PushServer): Promise<void> {
    const { watch, dryRun, signal, tell, emit } = this.#options;
    if (watch === null || dryRun) return this.#pass(this.#walkAll(this.#openRoots()), hashes, server);
    await watchRoots({
      openRoots: () => this.#openRoots(),
      rules: this.#rules,
      ...watch,
      signal,
      emit,
      watching: (folders) => tell({ type: 'watching', folders }),
      all: (roots, isQuiet) => {
        // They say how things are, and not how often they were looked at.
        Object.assign(this.#summary, { ...emptySummary(), sent: this.#summary.sent });
        this.#full = null;
        return this.#pass(this.#walkAll(roots, isQuiet), hashes, server);
      },
      some: (files) => this.#pass(files, hashes, server),
    });
  }

  #openRoots(): PushRoot[] {
    const { paths, destination } = this.#options;
    return paths.map((path) => openRoot(path, destination.folder));
  }

  /** Files are found first, so that it is known how much there is to do. */
  async #pass(found: Iterable<FoundFile | null>, hashes: FileHashes, server: PushServer): Promise<void> {
    const { parallel, dryRun, emit, tell, signal } = this.#options;
    const list = new PushList();
    try {
      const total = await this.#fill(list, found);
      let files = 0;
      let bytes = 0;
      let passedBytes = 0;
      const progress = (moreFiles: number, moreBytes: number, morePassed: number): void => {
        files += moreFiles;
        bytes += moreBytes;
        passedBytes += morePassed;
        emit({ type: 'push-progress', files, totalFiles: Math.max(files, total.files), bytes, totalBytes: Math.max(bytes, total.bytes), passedBytes });
      };
      const transfer = new Transfer({ server, hashes, list, summary: this.#summary, parallel, dryRun, emit, sent: (file) => tell({ type: 'file', ...file }), progress, signal });
      await transfer.send(list.files());
      this.#full = transfer.full ?? this.#full;
    } finally {
      list.close();
    }
  }

  async #fill(list: PushList, found: Iterable<FoundFile | null>): Promise<{ files: number; bytes: number }> {
    const { tell, signal } = this.#options;
    const total = { files: 0, bytes: 0 };
    tell({ type: 'looking', ...total });
    let looked = 0;
    for (const file of found) {
      if (file) {
        list.add(file);
        total.files++;
        total.bytes += file.size;
      }
      if (++looked % toldEvery !== 0) continue;
      tell({ type: 'looking', ...total });
      // A signal is noticed between two turns only.
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
    return total;
  }

  *#walkAll(roots: readonly PushRoot[], isTaken: (file: WalkedFile) => boolean = () => true): Generator<FoundFile | null> {
    const issue = (issue: Issue): void => {
      this.#summary.unread++;
      this.#options.emit({ type: 'issue', issue });
    };
    for (const root of roots) {
      for (const file of walk(root, { rules: this.#rules, skipped: this.#summary.skipped, issue })) yield file && isTaken(file) ? file : null;
    }
  }

  /** Throws PushIncomplete if anything is left. */
  #confirmAll(): void {
    const { refused, unread, changed } = this.#summary;
    const hint = 'They are named above. Push again when that is mended; what is there already is not sent again.';
    if (this.#full) throw new PushIncomplete('TARGET_FULL', `The server has no room for ${formatCount(refused, 'file')}.`, { hint: this.#full.hint ?? hint });
    if (refused > 0) throw new PushIncomplete('PUSH_INCOMPLETE', `The server did not take ${formatCount(refused, 'file')}.`, { hint });
    if (unread + changed > 0) {
      const what = [...(unread > 0 ? [`${formatCount(unread, 'file or folder', 'files or folders')} could not be read`] : []), ...(changed > 0 ? [`${formatCount(changed, 'file')} changed meanwhile`] : [])];
      throw new PushIncomplete('SOURCE_UNREADABLE', `Everything else is sent, but ${what.join(' and ')}.`, { hint });
    }
  }
}
