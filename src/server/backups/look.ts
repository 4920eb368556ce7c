/** Looks at catalogs and folders, each on a thread of its own: a few at a time, and the same one only once. */
import { Worker } from 'node:worker_threads';
import { BatError, type ErrorCode } from '../../core/errors.ts';
import type { Overview, Problem, SnapshotFacts } from './overview.ts';

export type Look =
  /** `kept`: the stores that are looked at; null for all. */
  | { type: 'overview'; plans: readonly string[]; stores: string | null; kept: readonly string[] | null }
  | { type: 'plan-snapshots'; file: string }
  | { type: 'store-snapshots'; path: string; name: string };

export type Answered = { value: unknown } | { problem: Problem; code: ErrorCode | null };

/** Each holds a catalog open, with some megabytes. */
const mostThreads = 2;
/** Milliseconds. A network disk that is gone would keep one for ever. */
const longest = 60_000;

export class Looks {
  readonly #running = new Map<string, Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #threads = 0;

  overview(look: Omit<Extract<Look, { type: 'overview' }>, 'type'>): Promise<Overview[]> {
    return this.#share({ type: 'overview', ...look }) as Promise<Overview[]>;
  }

  /** Throws PlanError's sentence as PLAN_INVALID, and what the targets say where there is no catalog. */
  snapshots(look: Exclude<Look, { type: 'overview' }>): Promise<SnapshotFacts[]> {
    return this.#share(look) as Promise<SnapshotFacts[]>;
  }

  /** Whoever asks while a look is under way gets its answer. */
  #share(look: Look): Promise<unknown> {
    const key = JSON.stringify(look);
    const running = this.#running.get(key);
    if (running) return running;
    const started = this.#start(look).finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  async #start(look: Look): Promise<unknown> {
    if (this.#threads >= mostThreads) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#threads++;
    try {
      return await lookOnThread(look);
    } finally {
      this.#threads--;
      this.#waiting.shift()?.();
    }
  }
}

async function lookOnThread(look: Look): Promise<unknown> {
  const { pathname } = new URL(import.meta.url);
  const thread = new URL(`./look-thread${pathname.slice(pathname.lastIndexOf('.'))}`, import.meta.url);
  const worker = new Worker(thread, { workerData: look });
  const timer = setTimeout(() => void worker.terminate(), longest);
  try {
    const answered = await new Promise<Answered>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new BatError('TARGET_UNREACHABLE', 'A catalog or a folder did not answer within a minute.', { hint: 'Is a disk or a share gone that the server needs?' })));
    });
    if ('value' in answered) return answered.value;
    throw new BatError(answered.code ?? 'TARGET_FAILED', answered.problem.message, answered.problem.hint === undefined ? {} : { hint: answered.problem.hint });
  } finally {
    clearTimeout(timer);
    void worker.terminate();
  }
}
