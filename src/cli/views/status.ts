/** How far the work is, for a program that draws its own progress: five times a second at the most. */
import type { BatEvent } from '../../core/events.ts';
import { seconds, type JsonFields } from '../json-line.ts';

interface Counts {
  files: number;
  totalFiles: number;
  bytes: number;
  totalBytes: number;
}

/** What moves a progress bar. */
export type Progress = Extract<BatEvent, { type: 'step-progress' | 'restore-progress' | 'copy-progress' | 'push-progress' | 'mirror-progress' }>;

const kinds: ReadonlySet<string> = new Set<Progress['type']>(['step-progress', 'restore-progress', 'copy-progress', 'push-progress', 'mirror-progress']);

export function isProgress(event: BatEvent): event is Progress {
  return kinds.has(event.type);
}


const betweenLines = 200;
/** The rate is over so many milliseconds at least, so that it does not jump. */
const settled = 2000;

export class Status {
  readonly #now: () => number;
  readonly #started: number;
  /** What each source has come to; of a restore there is only one. */
  readonly #counts = new Map<string, Counts>();
  #last = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
    this.#started = now();
  }

  /** The fields of a line, or null if it is not yet time for one. */
  take(event: Progress): JsonFields | null {
    this.#count(event);
    const now = this.#now();
    if (now - this.#last < betweenLines) return null;
    this.#last = now;
    const sum = this.#sum();
    const elapsed = now - this.#started;
    const rate = elapsed >= settled ? (sum.bytes / elapsed) * 1000 : undefined;
    const left = sum.totalBytes - sum.bytes;
    return {
      ...(event.type === 'step-progress' ? { source: event.source, step: event.step } : {}),
      ...(event.type === 'restore-progress' ? { bytesFetched: event.fetched } : {}),
      secondsElapsed: seconds(elapsed),
      secondsRemaining: rate === undefined || rate === 0 || left < 0 ? undefined : Math.round(left / rate),
      percentDone: sum.totalBytes === 0 ? 0 : Math.min(1, sum.bytes / sum.totalBytes),
      ...(event.type === 'copy-progress' ? { totalObjects: event.totalObjects, objectsDone: event.objects } : { totalFiles: sum.totalFiles, filesDone: sum.files }),
      totalBytes: sum.totalBytes,
      bytesDone: sum.bytes,
      bytesPerSecond: rate === undefined ? undefined : Math.round(rate),
    };
  }

  #count(event: Progress): void {
    if (event.type === 'restore-progress' || event.type === 'push-progress' || event.type === 'mirror-progress') return void this.#counts.set('', event);
    if (event.type === 'copy-progress') return void this.#counts.set('', { files: 0, totalFiles: 0, ...event });
    // Only the step that reads the files knows how much there is to do.
    const { files, bytes, totalFiles, totalBytes } = event.counts;
    if (totalFiles !== undefined && totalBytes !== undefined) this.#counts.set(event.source, { files, bytes, totalFiles, totalBytes });
  }

  #sum(): Counts {
    const sum: Counts = { files: 0, totalFiles: 0, bytes: 0, totalBytes: 0 };
    for (const counts of this.#counts.values()) {
      sum.files += counts.files;
      sum.totalFiles += counts.totalFiles;
      sum.bytes += counts.bytes;
      sum.totalBytes += counts.totalBytes;
    }
    return sum;
  }
}
