/** The place that a mirror fills, by its address. */
import { join } from 'node:path';
import { BatError } from '../../core/errors.ts';
import { defaultRetry, type RetryPolicy } from '../../core/retry.ts';
import { registries } from '../../plan/registries.ts';
import { withRetry } from '../../targets/with-retry.ts';
import { parseTargetUrl, type NamedPlace } from '../recover/target-url.ts';
import { isServer, parseServer } from './address.ts';
import type { MirrorOptions } from './contract.ts';
import { FolderPlace } from './folder-place.ts';
import type { MirrorPlace } from './place.ts';
import { ServerLibrary } from './server-library.ts';
import { ServerPlace } from './server-place.ts';
import { TargetPlace } from './target-place.ts';
import { pairFiles, placeFiles } from './waiting.ts';

/** Milliseconds until a target must answer for the first time. */
const connectWithin = 60_000;

/** Each call to either side is tried for so long. */
export function mirrorRetry({ retryFor }: Pick<MirrorOptions, 'retryFor'>): RetryPolicy {
  return { ...defaultRetry, attempts: Infinity, within: retryFor };
}

/** Nothing is changed there yet. Throws USAGE, what the folder says that is to be filled. */
export async function openMirrorPlace(options: MirrorOptions, from: string, time: Date): Promise<MirrorPlace> {
  const { to, environment, dryRun, emit, signal } = options;
  if (isServer(to.address) && !/^https?:\/\/[^/]+\/stores\//i.test(to.address)) {
    const address = parseServer(to.address);
    if (isWithin(address.shown, from) || isWithin(from, address.shown)) throw new BatError('USAGE', `${from} cannot be mirrored to itself, nor into a folder of it or above it.`, { hint: 'Name two servers, or two folders of which none lies in the other.' });
    return new ServerPlace(new ServerLibrary({ address, token: to.token, ca: to.ca, side: 'to', policy: mirrorRetry(options), emit, signal }), { notes: placeFiles(address.shown, environment).uploads, time, emit, signal });
  }
  const named = parseTargetUrl(to.address, environment, registries);
  if (named.type === 'file') return FolderPlace.open({ path: named.options['path'] as string, environment, dryRun, time, emit, signal });
  const shown = named.only === undefined ? named.shown : `${named.shown}/stores/${named.only}`;
  return new TargetPlace({ target: targetOf(named, options), shown, identity: to.address, journal: join(pairFiles(from, to.address, environment).folder, 'index.jsonl'), dryRun, time, emit, signal });
}

function isWithin(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`);
}

/** Objects lie below a path and a name; the last part of the address is that name. */
function targetOf({ type, options: given, pathOption, only, shown }: NamedPlace, options: MirrorOptions): ReturnType<typeof withRetry> {
  const { to, emit } = options;
  const kind = registries.targets.find((candidate) => candidate.type === type)!;
  const path = pathOption === null ? '' : String(given[pathOption] ?? '');
  const [, above = '', last = ''] = /^(.*?)\/?([^/]*)$/.exec(path) ?? [];
  const name = only ?? last;
  if (name === '') throw new BatError('USAGE', `${shown} names no folder there that the files go to.`, { hint: 'Write one behind it, such as s3://BUCKET/photos or cloudinary:///photos.' });
  const { [pathOption ?? '']: _path, ...rest } = given;
  const all = { ...rest, ...(pathOption === null || above === '' ? {} : { [pathOption]: above }), ...(type === 'http' && to.token !== null ? { token: to.token } : {}), ...(type === 'http' && to.ca !== null ? { ca: to.ca } : {}) };
  try {
    return withRetry(kind.create(shown, all, { folder: process.cwd(), plan: name, writer: 'mirror' }), mirrorRetry(options), emit, { connectWithin });
  } catch (error) {
    // There is no plan whose line it could be said of.
    if (error instanceof BatError && error.code === 'PLAN_INVALID') throw new BatError('USAGE', error.message, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
    throw error;
  }
}
