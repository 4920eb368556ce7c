/** What Amazon S3 charges: its list prices, as of a date, with the plan's own in their place. */
import { mergePrices, type PriceList, type PriceOptions, type Prices } from '../prices.ts';
import amazon from './prices.json' with { type: 'json' };

/** The class of what names none. */
const standardClass = 'STANDARD';

/** Undefined where nothing is known: on a server that is not Amazon's, if the plan says nothing. `volumeClass`: what volumes and files get. */
export function s3Prices(options: PriceOptions | undefined, { isAmazon, volumeClass }: { isAmazon: boolean; volumeClass: string }): Prices | undefined {
  const list = mergePrices(isAmazon ? (amazon satisfies PriceList) : null, options);
  return list ? { list, standardClass, volumeClass } : undefined;
}
