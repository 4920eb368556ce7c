/**
 * Sessions of the page. A browser keeps an id that means something to this server only, in place of the token. The server
 * keeps the SHA-256 of it: whoever reads its files gets in nowhere. A session ends with its time, or when its token leaves the settings.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import type { UserSettings } from '../settings/settings.ts';

interface Session {
  user: string;
  /** The hash of the token that it was begun with, in hex. */
  token: string;
  /** Milliseconds since 1970. */
  ends: number;
}

const lasting = 30 * 86_400_000;
/** The oldest one goes. */
const most = 1000;

export class Sessions {
  readonly #file: string;
  readonly #users: readonly UserSettings[];
  readonly #now: () => number;
  /** By the hash of the id, the oldest first. */
  readonly #sessions: Map<string, Session>;
  #written: Promise<void> = Promise.resolve();

  /** Of a state folder that is there. Throws STATE_FAILED. */
  constructor(state: string, users: readonly UserSettings[], now: () => number = Date.now) {
    this.#file = join(state, 'sessions.json');
    this.#users = users;
    this.#now = now;
    this.#sessions = new Map(Object.entries(read(this.#file)));
    this.#sweep();
  }

  /** A new id, good for 30 days. It has been written when this is done. */
  async begin(user: string, tokenHash: Buffer): Promise<{ id: string; seconds: number }> {
    this.#sweep();
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size >= most) this.#sessions.delete(oldest);
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(hash(id), { user, token: tokenHash.toString('hex'), ends: this.#now() + lasting });
    await this.#write();
    return { id, seconds: lasting / 1000 };
  }

  /** The user of a session, or null if there is none of that id any more. */
  find(id: string): UserSettings | null {
    const session = this.#sessions.get(hash(id));
    return session && session.ends > this.#now() ? this.#ownerOf(session) : null;
  }

  async end(id: string): Promise<void> {
    if (this.#sessions.delete(hash(id))) await this.#write();
  }

  #ownerOf({ user, token }: Session): UserSettings | null {
    return this.#users.find(({ name, tokens }) => name === user && tokens.some((known) => known.toString('hex') === token)) ?? null;
  }

  #sweep(): void {
    for (const [key, session] of this.#sessions) if (session.ends <= this.#now() || !this.#ownerOf(session)) this.#sessions.delete(key);
  }

  /** One after the other, each with all that is there then. */
  #write(): Promise<void> {
    const written = this.#written.then(() => writeFileAtomic(this.#file, JSON.stringify(Object.fromEntries(this.#sessions)), { mode: 0o600 }));
    this.#written = written.catch(() => {});
    return written.catch((cause: unknown) => {
      throw stateFailed(this.#file, cause);
    });
  }
}

/** A lookup by a hash: how long it takes tells nothing about an id. */
function hash(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

function read(file: string): Record<string, Session> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Session>;
  } catch (error) {
    // Sessions that cannot be read are over: whoever had one signs in again.
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return {};
    throw stateFailed(file, error);
  }
}

function stateFailed(file: string, cause: unknown): BatError {
  return new BatError('STATE_FAILED', `${file} cannot be used: ${systemReason(cause)}.`, { hint: 'Check that the state folder of the server can be written and has space left.', subject: file, cause });
}
