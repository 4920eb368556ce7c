/**
 * The cold classes of S3. HeadObject is the truth: `x-amz-storage-class`, `x-amz-restore` (`ongoing-request="true"`, or
 * `"false"` with an expiry date), and for Intelligent-Tiering `x-amz-archive-status`. RestoreObject asks for a thaw.
 */
import { BatError } from '../../core/errors.ts';
import type { ColdStorage, ObjectState, ThawOptions, ThawTier, TierTime } from '../cold-storage.ts';
import { answerOf } from './answer.ts';
import { readRange } from './read.ts';
import type { Call, S3Store } from './store.ts';

const minute = 60_000;
const hour = 60 * minute;

const flexible: readonly TierTime[] = [
  { tier: 'bulk', least: 5 * hour, most: 12 * hour },
  { tier: 'standard', least: 3 * hour, most: 5 * hour },
  { tier: 'expedited', least: minute, most: 5 * minute },
];
const deep: readonly TierTime[] = [
  { tier: 'bulk', least: 48 * hour, most: 48 * hour },
  { tier: 'standard', least: 12 * hour, most: 12 * hour },
];
/** Archive tiers of Intelligent-Tiering stand here by their own names: they are no classes, and what is thawed from them stays hot. */
const archiveTiers: Readonly<Record<string, readonly TierTime[]>> = { ARCHIVE_ACCESS: flexible, DEEP_ARCHIVE_ACCESS: deep };
const coldClasses: Readonly<Record<string, readonly TierTime[]>> = { GLACIER: flexible, DEEP_ARCHIVE: deep, ...archiveTiers };

const tierNames = { bulk: 'Bulk', standard: 'Standard', expedited: 'Expedited' } as const satisfies Record<ThawTier, string>;

/** Not there any more, not cold after all, or asked for a moment ago: in any case nothing is left to ask for. */
const settledCodes = new Set(['RestoreAlreadyInProgress', 'InvalidObjectState']);

export function s3ColdStorage(store: S3Store): ColdStorage {
  return {
    isCold: (storageClass) => storageClass in coldClasses,
    tiers: (storageClass) => coldClasses[storageClass] ?? [],
    state: (name, signal) => stateOf(store, name, signal),
    thaw: (name, options) => thaw(store, name, options),
  };
}

async function stateOf(store: S3Store, name: string, signal: AbortSignal | undefined): Promise<ObjectState> {
  const Key = store.key(name);
  const { StorageClass, Restore, ArchiveStatus, ContentLength = 1 } = await store.call({ doing: 'look for', what: name, signal }, ({ sdk, send }) =>
    send(new sdk.HeadObjectCommand({ Bucket: store.bucket, Key })),
  );
  const storageClass = ArchiveStatus ?? StorageClass ?? '';
  if (!(storageClass in coldClasses)) return { is: 'readable' };
  if (Restore?.includes('ongoing-request="true"')) return { is: 'thawing', storageClass };
  if (!Restore?.includes('ongoing-request="false"')) {
    const first = Math.min(1, ContentLength);
    return (await isLabel(store, name, first, signal)) ? { is: 'readable' } : { is: 'cold', storageClass };
  }
  const until = new Date(/expiry-date="([^"]+)"/.exec(Restore)?.[1] ?? '');
  return Number.isNaN(until.getTime()) ? { is: 'readable' } : { is: 'readable', until };
}

/** Servers that are not Amazon's may take any class and keep it as a mere label: they give the bytes at once, and know no thaws. */
async function isLabel(store: S3Store, name: string, length: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (store.options.endpoint === undefined) return false;
  try {
    await readRange(store, name, 0, length, signal);
    return true;
  } catch (error) {
    if (error instanceof BatError && error.code === 'OBJECT_COLD') return false;
    throw error;
  }
}

async function thaw(store: S3Store, name: string, { tier, days, storageClass, signal }: ThawOptions): Promise<void> {
  const Key = store.key(name);
  const call: Call = { doing: 'thaw', what: name, signal };
  const RestoreRequest = { GlacierJobParameters: { Tier: tierNames[tier] }, ...(storageClass in archiveTiers ? {} : { Days: days }) };
  try {
    await store.attempt(call, ({ sdk, send }) => send(new sdk.RestoreObjectCommand({ Bucket: store.bucket, Key, RestoreRequest })));
  } catch (error) {
    signal?.throwIfAborted();
    const code = answerOf(error)?.code ?? '';
    if (settledCodes.has(code)) return;
    if (code === 'GlacierExpeditedRetrievalNotAvailable') throw noCapacity(store, name);
    if (code === 'NotImplemented' || code === 'MethodNotAllowed') throw noThaws(store, name);
    throw store.explain(error, call);
  }
}

function noCapacity({ id }: S3Store, name: string): BatError {
  return new BatError('TARGET_FAILED', `Target "${id}" could not thaw ${name}: there is no room for expedited thaws at the moment.`, {
    hint: 'Try later, or take --tier standard.',
    transient: true,
    subject: name,
  });
}

function noThaws({ id }: S3Store, name: string): BatError {
  return new BatError('TARGET_FAILED', `Target "${id}" could not thaw ${name}: its server knows no thaws.`, {
    hint: 'Ask those who run it how objects come back from this storage class.',
    subject: name,
  });
}
