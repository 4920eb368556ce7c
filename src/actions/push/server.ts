/** What a push asks of the server: which contents it lacks, and to take them. Each call is tried again as the policy says. */
import type { FileHashes } from '../../catalog/file-hashes.ts';
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { LimitedPace } from '../../core/pace.ts';
import type { RetryPolicy } from '../../core/retry.ts';
import { HttpCaller } from '../../targets/http/caller.ts';
import { Line } from '../../targets/line.ts';
import type { Destination } from './destination.ts';
import { confirmHash, keptBy, secondsOf, type Kept } from './kept.ts';
import { piecesFrom, readWhole, type HashedFile } from './read-file.ts';
import { ResumableUpload } from './resumable-upload.ts';

export interface ServerOptions {
  destination: Destination;
  token: string | null;
  /** The file of a certificate that is trusted; null for those of the system. */
  ca: string | null;
  pace: LimitedPace | undefined;
  policy: RetryPolicy;
  hashes: FileHashes;
  emit: Emit;
  signal: AbortSignal;
}

/** Larger files go by an upload that can be gone on with. */
const wholeUpTo = 8 * 2 ** 20;

export class PushServer {
  readonly #options: ServerOptions;
  readonly #caller: HttpCaller;
  readonly #line: Line;

  constructor(options: ServerOptions) {
    const { destination, token, ca, pace, policy, emit } = options;
    this.#options = options;
    this.#caller = new HttpCaller({ url: destination.server, token: token ?? undefined, ca: ca ?? undefined, pace, who: 'bat push', given: { token: '--token-file or BAT_TOKEN', ca: '--ca' } });
    this.#line = new Line({ id: destination.host, policy, emit });
  }

  /** Of these hashes (SHA-256, hexadecimal) the ones that the library has not. Of each the server says one or the other. Throws TARGET_FAILED. */
  async missing(hashes: readonly string[]): Promise<Set<string>> {
    const { signal } = this.#options;
    const call = { method: 'POST', path: ['check'], json: { hashes: hashes.map((hash) => `sha256:${hash}`) }, doing: 'ask', what: 'which files are there', signal } as const;
    const { missing, known } = await this.#line.call(() => this.#caller.json<{ missing?: unknown; known?: unknown }>(call), signal);
    const lacks = new Set<unknown>(Array.isArray(missing) ? missing : []);
    const has = new Set(known !== null && typeof known === 'object' ? Object.keys(known) : []);
    if (!call.json.hashes.every((hash) => lacks.has(hash) || has.has(hash))) {
      throw new BatError('TARGET_FAILED', 'The server does not say of each file whether it is missing.', { hint: 'Is it a bat server that answers, of this version or a newer one?', subject: this.#options.destination.server });
    }
    return new Set(hashes.filter((hash) => lacks.has(`sha256:${hash}`)));
  }

  /** Sends a file. `count` is told of bytes as they go; less than nothing if they have to go again. Throws ReadProblem, FileChanged, what the caller does. */
  async send(file: HashedFile, count: (bytes: number) => void): Promise<Kept> {
    const { destination, hashes, signal } = this.#options;
    if (file.size <= wholeUpTo) return this.#sendWhole(file, count);
    return new ResumableUpload({ caller: this.#caller, line: this.#line, hashes, server: destination.server, signal }, { ...file, mtime: secondsOf(file.mtimeNs), pieces: (offset) => piecesFrom(file, offset) }, count).send();
  }

  close(): Promise<void> {
    return this.#caller.close();
  }

  async #sendWhole(file: HashedFile, count: (bytes: number) => void): Promise<Kept> {
    const { signal } = this.#options;
    const query = { name: file.name, hash: `sha256:${file.sha256}`, mtime: secondsOf(file.mtimeNs) };
    const answer = await this.#line.transfer(async () => {
      const body = [await readWhole(file)];
      return this.#caller.json<{ stored?: unknown; path?: unknown; sha256?: unknown }>({ method: 'POST', path: ['upload'], query, body, doing: 'send', what: file.absolute, signal });
    }, signal);
    count(file.size);
    confirmHash(answer.sha256, file);
    return keptBy(answer);
  }
}
