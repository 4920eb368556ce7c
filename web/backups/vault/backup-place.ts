/** What a server has of a plan's backups, read as a target is read: sealed, in ranges. Nothing of a key goes there. */
import { BatError, type ErrorCode } from '../../../src/core/bat-error.ts';

export interface PlaceName {
  kind: 'plan' | 'store';
  name: string;
  /** Which target of a plan; null for the first that answers. */
  target: string | null;
}

/** The small objects that there are, as `GET /backups/KIND/NAME/contents` gives them. */
export interface Contents {
  /** What was read. */
  target: { id: string; type: string; location: string };
  /** Targets that were asked before, and did not answer. */
  away: { id: string; message: string }[];
  manifests: StoredObject[];
  lists: StoredObject[];
  keys: StoredObject[];
}

export interface StoredObject {
  name: string;
  size: number;
}

/** A dropped line at home is soon back. */
const mostAttempts = 3;
const pauseBetween = 700;

const codes: Readonly<Record<number, ErrorCode>> = { 401: 'TARGET_DENIED', 403: 'TARGET_DENIED', 404: 'OBJECT_MISSING', 409: 'OBJECT_COLD', 416: 'OBJECT_DAMAGED' };

export class BackupPlace {
  /** For sentences: `the store nas`. */
  readonly location: string;
  readonly #base: string;
  readonly #target: string | null;

  constructor({ kind, name, target }: PlaceName) {
    this.location = kind === 'store' ? `the store ${name}` : `${target ? `the target ${target} of ` : ''}the plan ${name}`;
    this.#base = `/backups/${kind}s/${encodeURIComponent(name)}`;
    this.#target = target;
  }

  /** Throws as `read`. */
  async contents(signal?: AbortSignal): Promise<Contents> {
    const answer = await this.#ask(`${this.#base}/contents${this.#query()}`, {}, signal);
    return (await answer.json()) as Contents;
  }

  /** Exactly these bytes. Throws OBJECT_MISSING, OBJECT_COLD, OBJECT_DAMAGED where it ends before, TARGET_DENIED, TARGET_UNREACHABLE, TARGET_FAILED. */
  async read(name: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    const url = `${this.#base}/objects/${name.split('/').map(encodeURIComponent).join('/')}${this.#query()}`;
    const answer = await this.#ask(url, { Range: `bytes=${offset}-${offset + length - 1}` }, signal);
    const bytes = await bytesOf(answer, signal);
    if (bytes.length === length) return bytes;
    throw new BatError('OBJECT_DAMAGED', `${name} is damaged: ${bytes.length} bytes came where ${length} were asked for.`, { hint: 'Restore from another target, if there is one.', subject: name });
  }

  #query(): string {
    return this.#target === null ? '' : `?target=${encodeURIComponent(this.#target)}`;
  }

  async #ask(url: string, headers: Record<string, string>, signal: AbortSignal | undefined): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await fetch(url, { headers, cache: 'no-store', redirect: 'error', ...(signal ? { signal } : {}) });
        if (answer.ok) return answer;
        throw await refusal(answer);
      } catch (error) {
        signal?.throwIfAborted();
        const known = error instanceof BatError ? error : unreachable(error);
        if (!known.transient || attempt === mostAttempts) throw known;
        await new Promise((resolve) => setTimeout(resolve, pauseBetween * attempt));
      }
    }
  }
}

async function bytesOf(answer: Response, signal: AbortSignal | undefined): Promise<Uint8Array> {
  try {
    return new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(error);
  }
}

async function refusal(answer: Response): Promise<BatError> {
  const said = (await answer.json().catch(() => null)) as { error?: { message?: unknown; hint?: unknown } } | null;
  const { message, hint } = said?.error ?? {};
  return new BatError(codes[answer.status] ?? 'TARGET_FAILED', typeof message === 'string' ? message : `The server answered with ${answer.status}.`, {
    transient: answer.status === 502 || answer.status === 504,
    ...(typeof hint === 'string' ? { hint } : {}),
  });
}

function unreachable(cause: unknown): BatError {
  return new BatError('TARGET_UNREACHABLE', 'The server does not answer.', { hint: 'Is this device still in its network? Try again.', transient: true, cause });
}
