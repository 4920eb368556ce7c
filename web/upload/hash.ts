import { startWorker } from '../parts/start-worker.ts';
import type { HashNews, HashOrder } from './hash-worker.ts';

interface Waiting {
  resolve(hash: string): void;
  reject(error: unknown): void;
  onProgress(done: number): void;
}

const waiting = new Map<number, Waiting>();
let worker: Worker | undefined;
let last = 0;

/** SHA-256 in hex. `onProgress` gets the bytes that are hashed. Throws for a file that cannot be read, and the signal's reason. */
export function hashFile(file: File, onProgress: (done: number) => void, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  worker ??= started();
  const id = ++last;
  const order = (message: HashOrder): void => worker!.postMessage(message);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stop = (): void => {
    order({ id, stop: true });
    reject(signal.reason);
  };
  waiting.set(id, { resolve, reject, onProgress });
  signal.addEventListener('abort', stop);
  order({ id, file });
  return promise.finally(() => {
    waiting.delete(id);
    signal.removeEventListener('abort', stop);
  });
}

function started(): Worker {
  const begun = startWorker('hash-worker');
  begun.addEventListener('message', ({ data }: MessageEvent<HashNews>) => {
    const one = waiting.get(data.id);
    if (!one) return;
    if ('hash' in data) one.resolve(data.hash);
    else if ('problem' in data) one.reject(new Error(data.problem));
    else one.onProgress(data.done);
  });
  // Its module comes from the server, which may be away just now: the next file begins with a new one.
  begun.addEventListener('error', () => {
    if (worker === begun) worker = undefined;
    for (const one of waiting.values()) one.reject(new Error('The part of the page that reads files could not be started: is the server away? Try again; if it stays so, reload the page.'));
  });
  return begun;
}
