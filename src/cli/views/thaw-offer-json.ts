/** What a thaw takes, as fields of a JSON line. docs/json.md describes them. */
import type { ThawOffer } from '../../actions/restore.ts';
import { seconds, snakeCase } from '../json-line.ts';

/** Times in seconds. */
export function offerFields({ tiers, prices, ...rest }: ThawOffer): Record<string, unknown> {
  return {
    ...snakeCase(rest),
    tiers: tiers.map(({ tier, least, most, cost }) => snakeCase({ tier, leastSeconds: seconds(least), mostSeconds: seconds(most), cost })),
    ...(prices ? { prices: snakeCase(prices) } : {}),
  };
}
