/** The library's thread as the server sees it: one walk or some hashing at a time, and gone when it is closed. */
import { Worker } from 'node:worker_threads';
import type { Difference, FileToHash, FromThread, HashOutcome, ToThread, WalkEnd, WalkJob } from './messages.ts';

export class LibraryThread {
  readonly #worker: Worker;
  readonly #heard: FromThread[] = [];
  #failure: { error: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor() {
    const { pathname } = new URL(import.meta.url);
    this.#worker = new Worker(new URL(`./library-thread${pathname.slice(pathname.lastIndexOf('.'))}`, import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    // One that has nothing to do keeps no program alive.
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => {
      this.#heard.push(message);
      this.#wake?.();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('The thread of the library has ended.')));
  }

  /** `take` puts what was found into the table; more is looked for when it comes back. Throws the system's error of the top folder. */
  async walk(job: Omit<WalkJob, 'type'>, take: (differences: Difference[]) => void | Promise<void>, signal?: AbortSignal): Promise<WalkEnd> {
    this.#say({ type: 'walk', ...job });
    for (;;) {
      const message = await this.#hear(signal);
      if (message.type === 'walked') return message.end;
      if (message.type !== 'differences') throw new Error(`The thread of the library said "${message.type}" during a walk.`);
      await take(message.differences);
      this.#say({ type: 'next' });
    }
  }

  async hash(root: string, files: FileToHash[], signal?: AbortSignal): Promise<HashOutcome[]> {
    this.#say({ type: 'hash', root, files });
    const message = await this.#hear(signal);
    if (message.type !== 'hashed') throw new Error(`The thread of the library said "${message.type}" to files.`);
    return message.outcomes;
  }

  /** Ends it where it is: it changes nothing, so nothing is left half done. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #hear(signal: AbortSignal | undefined): Promise<FromThread> {
    const stop = (): void => this.#fail(signal!.reason);
    signal?.addEventListener('abort', stop);
    this.#worker.ref();
    try {
      signal?.throwIfAborted();
      while (this.#heard.length === 0 && !this.#failure) await new Promise<void>((wake) => (this.#wake = wake));
    } finally {
      this.#worker.unref();
      signal?.removeEventListener('abort', stop);
    }
    const message = this.#heard.shift();
    if (!message) throw this.#failure!.error;
    if (message.type === 'bug') throw message.error;
    if (message.type === 'failed') throw Object.assign(new Error(message.message), { code: message.code });
    return message;
  }

  #say(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }
}
