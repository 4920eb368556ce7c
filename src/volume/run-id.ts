/** The id of a new run. What else has a name on a target: names.ts. */
import { randomBytes } from 'node:crypto';

/** In the order in which names are sorted. */
const idAlphabet = '23456789abcdefghjkmnpqrstuvwxyz';

/** `20261120-055913-k3fx`: sorts by time (UTC), to about a millisecond by the first two characters of its end; the last two are random. */
export function newRunId(now: Date): string {
  const digits = now.toISOString().replace(/[-:]|\..*/g, '').replace('T', '-');
  const base = idAlphabet.length;
  const within = Math.floor((now.getUTCMilliseconds() / 1000) * base * base);
  const [first = 0, second = 0] = randomBytes(2);
  const places = [Math.floor(within / base), within % base, first % base, second % base];
  return `${digits}-${places.map((place) => idAlphabet[place]).join('')}`;
}
