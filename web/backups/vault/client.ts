/** The page's side of the worker that reads backups. */
import { startWorker } from '../../parts/start-worker.ts';
import { ApiError } from '../../api/request.ts';
import type { Answers, FromWorker, OpenProgress, Question, ToWorker, VaultProblem } from './messages.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  progress?: ((progress: OpenProgress) => void) | undefined;
  piece?: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
}

/** What was cancelled by the person. */
export class Cancelled extends Error {
  override name = 'Cancelled';
}

export interface AskOptions {
  progress?: (progress: OpenProgress) => void;
  signal?: AbortSignal;
}

export class VaultClient {
  readonly #worker = startWorker('vault-worker');
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#hear(data));
    this.#worker.addEventListener('error', ({ message }) => this.#fail(new Error(message || 'The part of the page that reads backups could not be loaded.')));
  }

  /** Throws an ApiError for what is known, Cancelled. */
  ask<Type extends Exclude<Question['type'], 'read'>>(question: Extract<Question, { type: Type }>, { progress, signal }: AskOptions = {}): Promise<Answers[Type]> {
    const { answer } = this.#send(question, { progress }, signal);
    return answer as Promise<Answers[Type]>;
  }

  /** The bytes of a file, as they come and have been checked. Only when it ends without an error they are the file. Throws as `ask`. */
  async *read(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let wake = (): void => {};
    let end: { error: unknown } | null = null;
    const { id, answer } = this.#send({ type: 'read', path }, { piece: (bytes) => (pieces.push(bytes), wake()) }, signal);
    answer.then(() => ((end = { error: null }), wake()), (error: unknown) => ((end = { error }), wake()));
    try {
      for (;;) {
        const piece = pieces.shift();
        if (piece) {
          yield piece;
          this.#post({ id, more: true });
          continue;
        }
        const ended = end as { error: unknown } | null;
        if (ended?.error) throw ended.error;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      if (!end) this.#post({ id, cancel: true });
    }
  }

  /** Ends it, and with it all that it knows: keys above all. */
  end(): void {
    this.#worker.terminate();
    this.#fail(new Cancelled('It was cancelled.'));
  }

  #send(question: Question, listeners: Pick<Waiting, 'progress' | 'piece'>, signal: AbortSignal | undefined): { id: number; answer: Promise<unknown> } {
    const id = ++this.#last;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject, ...listeners }));
    this.#post({ id, question });
    signal?.addEventListener('abort', () => this.#post({ id, cancel: true }), { once: true });
    return { id, answer };
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromWorker): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if ('progress' in message) return waiting.progress?.(message.progress);
    if ('piece' in message) return waiting.piece?.(message.piece);
    this.#waiting.delete(message.id);
    if ('value' in message) waiting.resolve(message.value);
    else waiting.reject(errorOf(message.problem));
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function errorOf({ code, message, hint }: VaultProblem): Error {
  if (code === 'CANCELLED') return new Cancelled(message);
  return code === null ? new Error(message) : new ApiError(code, 0, message, hint ?? undefined);
}
