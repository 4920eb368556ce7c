/**
 * What waits for its removal, by pair: a file of JSON lines in the user's state folder. It can be lost without harm: then what waits begins
 * to wait anew.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import { makeFolder } from '../../core/make-folder.ts';

export interface Waiting {
  path: string;
  sha256: string;
  /** When it was found to be gone on the other side; ISO 8601. */
  since: string;
}

export interface PairFiles {
  folder: string;
  waiting: string;
}

export interface PlaceFiles {
  lock: string;
  /** Uploads that are under way. */
  uploads: string;
}

/** What the sides are known by; only a hash of it is used. */
export function pairFiles(from: string, to: string, environment: NodeJS.ProcessEnv): PairFiles {
  const folder = join(mirrorState(environment), nameOf(`${from}\n${to}`));
  return { folder, waiting: join(folder, 'waiting.jsonl') };
}

/** Of the place, whatever it is filled from. */
export function placeFiles(to: string, environment: NodeJS.ProcessEnv): PlaceFiles {
  const folder = join(mirrorState(environment), `to-${nameOf(to)}`);
  return { lock: join(folder, 'lock.db'), uploads: join(folder, 'uploads.db') };
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
export function mirrorState(environment: NodeJS.ProcessEnv): string {
  return join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'bat', 'mirror');
}

export function nameOf(identity: string): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 16);
}

/** Each that is noted. Returns false if the file was damaged: then all that was given is not to be trusted. Throws STATE_FAILED. */
export async function readWaiting(file: string, take: (waiting: Waiting) => void): Promise<boolean> {
  let isWhole = false;
  let count = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const value = parsed(line);
      if (value === null || isWhole) return false;
      if (typeof value['end'] === 'number') {
        if (value['end'] !== count) return false;
        isWhole = true;
      } else if ('path' in value) {
        const waiting = asWaiting(value);
        if (waiting === null) return false;
        count++;
        take(waiting);
      } else if (value['mirror'] !== 1) return false;
    }
    return isWhole;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw problem(file, 'read', error);
  }
}

/** Flushed before it has its name. Throws STATE_FAILED. */
export async function writeWaiting(file: string, pair: { from: string; to: string }, all: Iterable<Waiting>): Promise<void> {
  const temporary = `${file}.new`;
  try {
    makeFolder(dirname(file), 0o700);
    const handle = await open(temporary, 'w', 0o600);
    try {
      let text = `${JSON.stringify({ mirror: 1, ...pair })}\n`;
      let count = 0;
      for (const { path, sha256, since } of all) {
        text += `${JSON.stringify({ path, sha256, since })}\n`;
        count++;
        if (text.length < 65_536) continue;
        await handle.write(text);
        text = '';
      }
      await handle.write(`${text}${JSON.stringify({ end: count })}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    throw problem(file, 'written', error);
  }
}

function problem(file: string, doing: string, error: unknown): unknown {
  if (systemCode(error) === undefined) return error;
  return new BatError('STATE_FAILED', `What waits for its removal cannot be ${doing}: ${systemReason(error)} (${file}).`, { hint: 'Check that the state folder can be written and has space left; XDG_STATE_HOME says where it is.', cause: error, subject: file });
}

function asWaiting({ path, sha256, since }: Record<string, unknown>): Waiting | null {
  if (typeof path !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256) || typeof since !== 'string') return null;
  return Number.isNaN(Date.parse(since)) ? null : { path, sha256, since };
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
