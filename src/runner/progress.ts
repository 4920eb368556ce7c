/** How far a step is, in one line that a person reads. */
import type { StepCounts } from '../core/events.ts';
import { formatBytes, formatCount, formatDuration, formatNumber } from '../core/units.ts';

/** Seconds that the rate is taken over: long enough to be calm, short enough to be true. */
const WINDOW = 10_000;
/** No time left is said before this many milliseconds: it would only be a guess. */
const SETTLED = 2000;

export class ProgressLine {
  readonly #samples: { at: number; bytes: number }[] = [];
  readonly #startedAt: number;

  constructor(now = Date.now()) {
    this.#startedAt = now;
    this.#samples.push({ at: now, bytes: 0 });
  }

  /** `1,234 of 5,678 files · 1.2 GiB of 3.4 GiB · 45 MiB/s · 2 min left`. */
  text(counts: StepCounts, now = Date.now()): string {
    this.#samples.push({ at: now, bytes: counts.bytes - (counts.passedBytes ?? 0) });
    while (this.#samples.length > 2 && now - this.#samples[0]!.at > WINDOW) this.#samples.shift();
    const parts: string[] = [];
    if (counts.files > 0) {
      const total = counts.totalFiles !== undefined && counts.totalFiles > counts.files;
      parts.push(total ? `${formatNumber(counts.files)} of ${formatCount(counts.totalFiles!, 'file')}` : formatCount(counts.files, 'file'));
    } else if (counts.objects > 0) {
      parts.push(formatCount(counts.objects, 'object'));
    }
    const left = Math.max(0, (counts.totalBytes ?? 0) - counts.bytes);
    parts.push(left > 0 ? `${formatBytes(counts.bytes)} of ${formatBytes(counts.totalBytes!)}` : formatBytes(counts.bytes));
    const rate = this.#rate();
    if (rate > 0) parts.push(`${formatBytes(rate * 1000)}/s`);
    if (rate > 0 && left > 0 && now - this.#startedAt > SETTLED) parts.push(`${formatDuration(left / rate)} left`);
    return parts.join(' · ');
  }

  /** What it came to in the end, with the rate over all of it. */
  total(counts: StepCounts, now = Date.now()): string {
    const parts = counts.files > 0 ? [formatCount(counts.files, 'file')] : counts.objects > 0 ? [formatCount(counts.objects, 'object')] : [];
    if (counts.bytes > 0) parts.push(formatBytes(counts.bytes));
    if (counts.bytes > 0 && now - this.#startedAt > SETTLED) parts.push(`${formatBytes((counts.bytes / (now - this.#startedAt)) * 1000)}/s`);
    return parts.join(' · ');
  }

  /** Bytes a millisecond. */
  #rate(): number {
    const first = this.#samples[0]!;
    const last = this.#samples.at(-1)!;
    return last.at > first.at ? (last.bytes - first.bytes) / (last.at - first.at) : 0;
  }
}
