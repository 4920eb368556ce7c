/** The Admin API's limit: so many calls in an hour of the clock, told in headers, refused beyond. */
import { Refusal } from './refusal.ts';

const HOUR = 3_600_000;

export class HourlyLimit {
  #hour = 0;
  #used = 0;

  /** Counts a call, and gives the headers of its reply. `status` is what a refusal has: 420 or 429. */
  take(limit: number, now: number, status: number): Record<string, string> {
    const hour = Math.floor(now / HOUR);
    if (hour !== this.#hour) this.#used = 0;
    this.#hour = hour;
    const reset = new Date((hour + 1) * HOUR);
    const headers = {
      'X-FeatureRateLimit-Limit': String(limit),
      'X-FeatureRateLimit-Remaining': String(Math.max(0, limit - this.#used - 1)),
      'X-FeatureRateLimit-Reset': reset.toUTCString(),
    };
    if (this.#used >= limit) {
      const until = reset.toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
      throw new Refusal(status, `Rate Limit Exceeded. Limit of ${limit} api operations reached. Try again on ${until}`, headers);
    }
    this.#used++;
    return headers;
  }
}
