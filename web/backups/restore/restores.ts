/** Files that are being restored out of the snapshot that is open, one after the other. */
import { signal } from '@preact/signals';
import { describe } from '../../parts/describe.ts';
import { Cancelled } from '../vault/client.ts';
import type { ListedEntry } from '../vault/messages.ts';
import { vault } from '../vault/session.ts';
import { chooseSink, NotChosen, type Sink } from './sink.ts';

export interface Restore {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly done: number;
  readonly state: 'waiting' | 'running' | 'restored' | 'failed' | 'cancelled';
  /** What went wrong, in words. */
  readonly problem: string;
}

export const restores = signal<readonly Restore[]>([]);

const aborts = new Map<number, AbortController>();
let last = 0;
let queue: Promise<void> = Promise.resolve();

/** Within the click that asks for it: a browser lets a person choose where a large file goes only then. */
export function restore({ path, name, size }: Pick<ListedEntry, 'path' | 'name' | 'size'>): void {
  const id = ++last;
  const abort = new AbortController();
  aborts.set(id, abort);
  restores.value = [...restores.value, { id, name, size, done: 0, state: 'waiting', problem: '' }];
  const sink = chooseSink(name, size);
  sink.catch(() => undefined); // told in its turn
  // What is read is of the snapshot that is open now.
  const source = vault();
  queue = queue.then(() => run(id, sink, source.read(path, abort.signal), abort.signal));
}

export function cancel(id: number): void {
  aborts.get(id)?.abort();
}

/** Those that have ended are not shown any more. */
export function clearEnded(): void {
  restores.value = restores.value.filter(({ id }) => aborts.has(id));
}

async function run(id: number, choosing: Promise<Sink>, pieces: AsyncIterable<Uint8Array<ArrayBuffer>>, signal: AbortSignal): Promise<void> {
  let sink: Sink | null = null;
  try {
    sink = await choosing;
    update(id, { state: 'running' });
    let done = 0;
    signal.throwIfAborted();
    for await (const piece of pieces) {
      await sink.write(piece);
      update(id, { done: (done += piece.length) });
    }
    signal.throwIfAborted();
    // All of it has been checked: only now the person has the file.
    await sink.finish();
    update(id, { state: 'restored' });
  } catch (error) {
    await sink?.abort();
    const isCancelled = signal.aborted || error instanceof Cancelled || error instanceof NotChosen;
    update(id, isCancelled ? { state: 'cancelled' } : { state: 'failed', problem: describe(error) });
  } finally {
    aborts.delete(id);
  }
}

function update(id: number, change: Partial<Restore>): void {
  restores.value = restores.value.map((one) => (one.id === id ? Object.assign({}, one, change) : one));
}
