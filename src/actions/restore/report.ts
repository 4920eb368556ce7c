/** What a restore says: progress now and then, each failure when it happens, and the sum at the end. */
import { performance } from 'node:perf_hooks';
import { BatError, systemReason, type ErrorCode } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { formatCount } from '../../core/units.ts';
import { RestoreIncomplete, type RestoreFailure, type RestoreSummary } from './contract.ts';

const betweenProgress = 200;
const mostKept = 1000;
const mostNamed = 20;

/** A failure after which there is no point in going on: the rest would fail in the same way. */
export class Stopped extends Error {
  constructor(cause: unknown) {
    super('the restore was stopped', { cause });
  }
}

export class Report {
  readonly summary: RestoreSummary = { snapshots: [], files: 0, bytes: 0, fetched: 0, objects: 0, reads: [], skipped: 0, failed: 0, failures: [], unmatched: [], cold: [], duration: 0 };
  readonly #emit: Emit;
  readonly #started = performance.now();
  #total = { files: 0, bytes: 0 };
  #shown = -Infinity;
  #keyError: BatError | null = null;
  readonly #passedBy: readonly string[];
  readonly #damaged = new Set<string>();

  /** `passedBy`: targets that might have what the others could not give. */
  constructor(emit: Emit, passedBy: readonly string[] = []) {
    this.#emit = emit;
    this.#passedBy = passedBy;
  }

  /** The first that was wrong about keys. */
  get keyError(): BatError | null {
    return this.#keyError;
  }

  expect(total: { files: number; bytes: number }): void {
    this.#total = total;
  }

  /** One entry less that is as it was. */
  fail(source: string, path: string, error: unknown): void {
    const code = error instanceof BatError ? error.code : undefined;
    const message = error instanceof Error && code === undefined ? systemReason(error) : String((error as Error).message ?? error);
    const failure: RestoreFailure = { path: path === '' ? source : `${source}/${path}`, message };
    this.summary.failed++;
    if (this.summary.failures.length < mostKept) this.summary.failures.push(failure);
    this.#emit({ type: 'issue', source, issue: { kind: code === 'RESTORE_REFUSED' ? 'left-out' : 'unread', path, message } });
  }

  /** Something on a target that could not be used; the failures that come of it are told apart from this. */
  trouble(target: string, object: string, error: BatError): void {
    if (error.code === 'KEY_MISSING' || error.code === 'KEY_WRONG') this.#keyError ??= error;
    if (this.#damaged.has(object)) return;
    if (this.#damaged.size < mostKept) this.#damaged.add(object);
    this.#emit({ type: 'issue', target, issue: { kind: 'note', ...(object === target ? {} : { path: object }), message: error.message } });
  }

  targetFailed(target: string, error: BatError): void {
    this.#emit({ type: 'target-failed', target, code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }

  wrote(files: number, bytes: number): void {
    this.summary.files += files;
    this.summary.bytes += bytes;
    this.progress();
  }

  fetched(bytes: number): void {
    this.summary.fetched += bytes;
    this.progress();
  }

  progress(isLast = false): void {
    const now = performance.now();
    if (!isLast && now - this.#shown < betweenProgress) return;
    this.#shown = now;
    const { files, bytes, fetched } = this.summary;
    this.#emit({ type: 'restore-progress', files, totalFiles: this.#total.files, bytes, totalBytes: this.#total.bytes, fetched });
  }

  /** The summary; throws RestoreIncomplete if something is not as it should be. */
  end(where: string, stopped: Stopped | null): RestoreSummary {
    const { summary } = this;
    summary.duration = performance.now() - this.#started;
    if (summary.failed === 0 && summary.unmatched.length === 0 && !stopped) return summary;
    const named = summary.failures.slice(0, mostNamed).map(({ path, message }) => `  ${path}: ${message}`);
    const more = summary.failed > named.length ? [`  and ${formatCount(summary.failed - named.length, 'more', 'more')}`] : [];
    const head = stopped
      ? `The restore to ${where} stopped: ${systemReason(stopped.cause)}. ${formatCount(summary.files, 'file')} of ${formatCount(this.#total.files, 'file')} are there.`
      : [...(summary.failed > 0 ? [`${formatCount(summary.failed, 'entry', 'entries')} could not be restored to ${where}.`] : []), ...unmatchedSentence(summary.unmatched)].join(' ');
    throw new RestoreIncomplete(this.#code(), [head, ...named, ...more].join('\n'), summary, { hint: this.#hint(stopped !== null), cause: stopped?.cause ?? this.#keyError });
  }

  /** Where a key was all that was missing, the key is what to tell. */
  #code(): ErrorCode {
    return this.#keyError && this.summary.files === 0 ? this.#keyError.code : 'RESTORE_INCOMPLETE';
  }

  #hint(stopped: boolean): string {
    if (stopped) return 'Free some space, then restore again with `--overwrite if-changed`: it goes on with what is not there yet.';
    if (this.#keyError) return this.#keyError.hint ?? 'Give the key that the objects were encrypted for.';
    if (this.#damaged.size > 0) {
      const names = [...this.#damaged].slice(0, mostNamed);
      return `Damaged or missing: ${names.join(', ')}${this.#damaged.size > names.length ? ', …' : ''}. ${elsewhere(this.#passedBy)}`;
    }
    if (this.summary.failed === 0) return 'See what is stored with `bat ls`, or look for it in other snapshots with `bat find`.';
    return 'Everything else is there. Restore what is missing to another folder with --to.';
  }
}

/** Where to look next for what could not be read. */
export function elsewhere(passedBy: readonly string[]): string {
  if (passedBy.length > 0) return `Without --from, what ${passedBy.join(', ')} ${passedBy.length === 1 ? 'has' : 'have'} of it comes from there.`;
  return 'Another snapshot may hold it elsewhere: see `bat snapshots`, and choose one with --snapshot.';
}

function unmatchedSentence(unmatched: readonly string[]): string[] {
  if (unmatched.length === 0) return [];
  const more = unmatched.length > mostNamed ? ` and ${formatCount(unmatched.length - mostNamed, 'more', 'more')}` : '';
  return [`Nothing matches ${unmatched.slice(0, mostNamed).join(', ')}${more}.`];
}
