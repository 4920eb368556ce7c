/** Settings of the runtime that keep bat small on small machines. They must be made before anything large is loaded. */
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';

export function stayLight(): void {
  // Compression and disk I/O share Node's thread pool, which reads this when it is first used.
  process.env['UV_THREADPOOL_SIZE'] ??= String(Math.max(4, availableParallelism() + 2));
  // What a run makes is short-lived and small; left alone, V8 takes 100 MB for it instead of 12.
  setFlagsFromString('--max-semi-space-size=4');
  setFlagsFromString('--semi-space-growth-factor=1');
  // Helpers of the collector would wait for cores that read, compress and hash.
  setFlagsFromString('--no-parallel-scavenge');
  // Collect when the heap has grown by more than half since the last time; left alone, V8 lets it double or more.
  setFlagsFromString('--heap-growing-percent=60');
}
