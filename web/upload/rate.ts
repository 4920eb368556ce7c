/** How fast bytes go, by those of the last ten seconds: old enough to be calm, new enough to be true. */
const span = 10_000;

export class Rate {
  #moments: { at: number; bytes: number }[] = [];

  add(bytes: number, now = performance.now()): void {
    const last = this.#moments.at(-1);
    if (last && now - last.at < 250) last.bytes += bytes;
    else this.#moments.push({ at: now, bytes });
    this.#forget(now);
  }

  /** Bytes a second. */
  of(now = performance.now()): number {
    this.#forget(now);
    const first = this.#moments[0];
    if (!first) return 0;
    const bytes = this.#moments.reduce((sum, moment) => sum + moment.bytes, 0);
    return (bytes * 1000) / Math.max(now - first.at, 500);
  }

  /** After a pause: what was before says nothing about what comes. */
  clear(): void {
    this.#moments = [];
  }

  #forget(now: number): void {
    while (this.#moments[0] && now - this.#moments[0].at > span) this.#moments.shift();
  }
}
