/**
 * What storing and restoring costs. A target that knows its prices carries a price list; everything here is arithmetic on
 * it. Lists are data with a date, of one region and currency; a plan overrides any number of them (`prices:`). Sizes are
 * bytes, and a gigabyte on a bill has 2^30 of them.
 */
import type { ThawTier } from './cold-storage.ts';

/** Of what is read or thawed: for each gigabyte, and for a thousand requests. */
export interface ReadingPrice {
  gigabyte?: number;
  thousand?: number;
}

/** As a plan and the data files write it. A number that is missing is not known; see `costOf…` for what comes of it. */
export interface ClassPrices {
  /** For a gigabyte and a month. */
  storage?: number;
  /** For a thousand uploads. */
  put?: number;
  /** An object that is removed earlier is paid for as long as this. */
  'minimum-days'?: number;
  /** Bytes that the store adds to each object, at the price of this class. */
  'extra-bytes'?: number;
  /** The same, at the price of the standard class. */
  'extra-standard-bytes'?: number;
  /** Of a class that is read at once. */
  retrieval?: ReadingPrice;
  /** Of a cold class, by tier. */
  thaw?: Partial<Record<ThawTier, ReadingPrice>>;
}

export interface PriceList {
  /** ISO 4217. */
  currency: string;
  /** When the prices were looked up: a year, a month or a day. */
  'as-of': string;
  /** Empty where the plan's prices do not say. */
  region: string;
  /** Where they are from, for a person. */
  source: string;
  /** For a gigabyte that leaves the store over the internet. */
  download?: number;
  classes: Readonly<Record<string, ClassPrices>>;
}

/** What a plan says under `prices:` of a target. */
export type PriceOptions = Partial<PriceList>;

export interface Prices {
  list: PriceList;
  /** Of objects whose receipt names no class, and of everything that is hot. */
  standardClass: string;
  /** What volumes and files get when they are stored now. */
  volumeClass: string;
}

export interface Holding {
  storageClass: string;
  objects: number;
  bytes: number;
}

const gigabyte = 2 ** 30;
/** Days of a month, as a copy that stays for some days is charged. */
const monthDays = 30;

/**
 * The list with a plan's own numbers in it. Numbers of two currencies cannot be mixed: with a currency of its own the plan's
 * numbers stand alone. Null if there is neither a list nor a number.
 */
export function mergePrices(list: PriceList | null, options: PriceOptions | undefined): PriceList | null {
  if (!options) return list;
  const base = list && (options.currency === undefined || options.currency === list.currency) ? list : null;
  const plain: PriceList = { currency: 'USD', 'as-of': 'an unknown date', region: '', source: "the plan's own", classes: {} };
  const classes: Record<string, ClassPrices> = { ...base?.classes };
  for (const [name, own] of Object.entries(options.classes ?? {})) {
    const before = classes[name];
    classes[name] = { ...before, ...own, ...(own.thaw || before?.thaw ? { thaw: mergeTiers(before?.thaw, own.thaw) } : {}) };
  }
  return { ...(base ?? plain), ...options, classes };
}

/** For a month; null where the list does not say. */
export function costOfStorage({ list, standardClass }: Prices, { storageClass, objects, bytes }: Holding): number | null {
  const { storage, 'extra-bytes': extra = 0, 'extra-standard-bytes': extraStandard = 0 } = list.classes[storageClass] ?? {};
  const standard = list.classes[standardClass]?.storage;
  if (storage === undefined || (extraStandard > 0 && standard === undefined)) return null;
  return (storage * (bytes + objects * extra) + (standard ?? 0) * objects * extraStandard) / gigabyte;
}

/**
 * Once, for the requests of an upload. The parts of a multipart upload are charged as uploads to the standard class, its
 * end as one to the class of the object.
 */
export function costOfUploads({ list, standardClass, volumeClass }: Prices, { objects, parts }: { objects: number; parts: number }): number | null {
  const put = list.classes[volumeClass]?.put;
  const part = list.classes[standardClass]?.put;
  return put === undefined || part === undefined ? null : (put * objects + part * parts) / 1000;
}

export interface Reading {
  holdings: readonly Holding[];
  /** Bytes that come over the line: of a thawed object perhaps only a part. */
  download: number;
  /** For what must be thawed; ignored by classes that are read at once. */
  tier: ThawTier | null;
  /** How long thawed copies stay, which are charged as storage of the standard class. */
  days: number;
  isCold(storageClass: string): boolean;
}

/** Once: retrieval or thaw, the thawed copies, and the download. Null where the list does not say. */
export function costOfReading({ list, standardClass }: Prices, { holdings, download, tier, days, isCold }: Reading): number | null {
  let sum = ((list.download ?? 0) * download) / gigabyte;
  for (const { storageClass, objects, bytes } of holdings) {
    const prices = list.classes[storageClass];
    if (!prices) return null;
    const cold = isCold(storageClass);
    const price = cold ? tier && prices.thaw?.[tier] : (prices.retrieval ?? {});
    const copy = cold ? list.classes[standardClass]?.storage : 0;
    if (!price || copy === undefined) return null;
    sum += ((price.gigabyte ?? 0) * bytes) / gigabyte + ((price.thousand ?? 0) * objects) / 1000;
    sum += (copy * bytes * days) / gigabyte / monthDays;
  }
  return sum;
}

function mergeTiers(before: ClassPrices['thaw'] = {}, own: ClassPrices['thaw'] = {}): NonNullable<ClassPrices['thaw']> {
  const tiers = { ...before };
  for (const [tier, price] of Object.entries(own) as [ThawTier, ReadingPrice][]) tiers[tier] = { ...before[tier], ...price };
  return tiers;
}
