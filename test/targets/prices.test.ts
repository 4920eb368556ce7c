import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { costOfReading, costOfStorage, costOfUploads, mergePrices, type Prices } from '../../src/targets/prices.ts';
import { priceSchema } from '../../src/targets/price-schema.ts';
import { s3Prices } from '../../src/targets/s3/prices.ts';

const gigabyte = 2 ** 30;
const terabyte = 1024 * gigabyte;
const amazon = (volumeClass = 'DEEP_ARCHIVE'): Prices => s3Prices(undefined, { isAmazon: true, volumeClass })!;
const isCold = (storageClass: string): boolean => storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';
const reading = { download: 0, tier: null, days: 0, isCold };

describe('the list of Amazon', () => {
  test('is what the option takes, has a date, and prices for every class a plan would name', () => {
    const { list } = amazon();
    const ajv = new Ajv2020({ strict: true });
    expect(ajv.validate(priceSchema, list), ajv.errorsText()).toBe(true);
    expect(list).toMatchObject({ currency: 'USD', 'as-of': '2026-06', region: 'us-east-1' });
    for (const [name, { storage, put }] of Object.entries(list.classes)) expect(storage! * put!, name).toBeGreaterThan(0);
  });

  test('says nothing of other servers', () => {
    expect(s3Prices(undefined, { isAmazon: false, volumeClass: 'STANDARD' })).toBeUndefined();
  });

  test('a month: the bytes, and what is added to each object', () => {
    expect(costOfStorage(amazon(), { storageClass: 'STANDARD', objects: 5, bytes: 10 * gigabyte })).toBeCloseTo(0.23, 9);
    // A million small objects: 32 KiB each at the price of the class, 8 KiB at that of STANDARD.
    const million = costOfStorage(amazon(), { storageClass: 'DEEP_ARCHIVE', objects: 2 ** 20, bytes: 0 })!;
    expect(million).toBeCloseTo(32 * 0.00099 + 8 * 0.023, 9);
  });

  test('uploads: the end in the class, the parts in the standard one', () => {
    expect(costOfUploads(amazon(), { objects: 1000, parts: 16_000 })).toBeCloseTo(0.05 + 16 * 0.005, 9);
  });

  test('thawing a terabyte of 8,192 volumes, by tier', () => {
    const holdings = [{ storageClass: 'DEEP_ARCHIVE', objects: 8192, bytes: terabyte }];
    expect(costOfReading(amazon(), { ...reading, holdings, tier: 'bulk' })).toBeCloseTo(1024 * 0.0025 + 8.192 * 0.025, 6);
    expect(costOfReading(amazon(), { ...reading, holdings, tier: 'standard' })).toBeCloseTo(1024 * 0.02 + 8.192 * 0.1, 6);
    expect(costOfReading(amazon(), { ...reading, holdings, tier: 'expedited' }), 'there is none').toBeNull();
  });

  test('reading counts the thawed copies and the download, and what is read at once its retrieval', () => {
    const holdings = [{ storageClass: 'GLACIER', objects: 1, bytes: 30 * gigabyte }, { storageClass: 'STANDARD_IA', objects: 1, bytes: gigabyte }];
    expect(costOfReading(amazon(), { ...reading, holdings, tier: 'bulk', days: 10, download: 2 * gigabyte })).toBeCloseTo(10 * 0.023 + 0.01 + 2 * 0.09, 9);
  });

  test('a class that it does not know has no price', () => {
    const holding = { storageClass: 'UNHEARD_OF', objects: 1, bytes: gigabyte };
    expect(costOfStorage(amazon(), holding)).toBeNull();
    expect(costOfUploads(amazon('UNHEARD_OF'), { objects: 1, parts: 1 })).toBeNull();
    expect(costOfReading(amazon(), { ...reading, holdings: [holding] })).toBeNull();
  });
});

describe("a plan's own prices", () => {
  const own = (options: Parameters<typeof s3Prices>[0]): Prices => s3Prices(options, { isAmazon: true, volumeClass: 'DEEP_ARCHIVE' })!;
  const thaw = (prices: Prices, tier: 'bulk' | 'standard'): number | null =>
    costOfReading(prices, { ...reading, tier, holdings: [{ storageClass: 'DEEP_ARCHIVE', objects: 1000, bytes: gigabyte }] });

  test('replace single numbers and leave the rest', () => {
    const prices = own({ region: 'eu-central-1', 'as-of': '2026-11', classes: { DEEP_ARCHIVE: { storage: 0.0018, thaw: { bulk: { gigabyte: 0.5 } } } } });
    expect(prices.list).toMatchObject({ currency: 'USD', region: 'eu-central-1', 'as-of': '2026-11', download: 0.09 });
    expect(prices.list.classes['DEEP_ARCHIVE']).toMatchObject({ storage: 0.0018, put: 0.05 });
    expect(thaw(prices, 'bulk')).toBeCloseTo(0.5 + 0.025, 9);
    expect(thaw(prices, 'standard')).toBeCloseTo(0.02 + 0.1, 9);
    expect(amazon().list.classes['DEEP_ARCHIVE']!.storage, 'the list itself stays as it is').toBe(0.00099);
  });

  test('in another currency stand alone', () => {
    const prices = own({ currency: 'EUR', classes: { DEEP_ARCHIVE: { storage: 0.0018 } } });
    expect(prices.list).toMatchObject({ currency: 'EUR', region: '', source: "the plan's own" });
    expect(thaw(prices, 'bulk')).toBeNull();
    expect(Object.keys(prices.list.classes)).toEqual(['DEEP_ARCHIVE']);
  });

  test('are all there is for a server that has no list', () => {
    expect(mergePrices(null, { classes: { COLD: { storage: 1 } } })).toMatchObject({ currency: 'USD', classes: { COLD: { storage: 1 } } });
    expect(mergePrices(null, undefined)).toBeNull();
  });
});
