/** The library of a server, as a mirror speaks with it. Every call is tried again as the policy says. */
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { RetryPolicy } from '../../core/retry.ts';
import { isRefusal } from '../../targets/http/answers.ts';
import { HttpCaller, type Call } from '../../targets/http/caller.ts';
import { Line } from '../../targets/line.ts';
import type { ServerAddress } from './address.ts';
import { FileChanged } from './place.ts';

export interface ServerOptions {
  address: ServerAddress;
  /** As `bat serve token` printed it; null for a server without users. */
  token: string | null;
  /** The file of a certificate that is trusted; null for those of the system. */
  ca: string | null;
  side: 'from' | 'to';
  policy: RetryPolicy;
  emit: Emit;
  signal: AbortSignal;
}

/** A line of `GET /table`. Without a hash the server could not read the file. */
export interface TableRow {
  path: string;
  size: number;
  mtime: string;
  sha256?: string;
  /** By its disk: the hash is that of what is left. */
  damaged?: true;
}

interface TableHead {
  table: number;
  folders: readonly (string | { id: string })[];
}

/** Looking through a large library takes a while in which nothing is said. */
const patience = 30 * 60_000;

export class ServerLibrary {
  readonly address: ServerAddress;
  readonly caller: HttpCaller;
  readonly line: Line;
  readonly #signal: AbortSignal;

  constructor({ address, token, ca, side, policy, emit, signal }: ServerOptions) {
    this.address = address;
    this.caller = new HttpCaller({ url: address.server, token: token ?? undefined, ca: ca ?? undefined, who: 'bat mirror', given: { token: `--${side}-token-file or BAT_${side.toUpperCase()}_TOKEN`, ca: `--${side}-ca` } });
    this.line = new Line({ id: new URL(address.server).host, policy, emit });
    this.#signal = signal;
  }

  /** The server looks at its disk now: what was changed there by hand is in the table afterwards. Returns what it could not look at, or into. */
  async sync(): Promise<string[]> {
    const [folder] = this.address.folder.split('/');
    try {
      const { unseen = [] } = await this.#json<{ unseen?: unknown }>({ method: 'POST', path: ['sync'], query: { folder: folder || undefined }, idle: patience, doing: 'look through', what: 'the library' });
      // A server of an earlier version says nothing of it.
      return Array.isArray(unseen) && unseen.every((path) => typeof path === 'string') ? unseen : this.#senseless();
    } catch (error) {
      // The table says which folders there are.
      if (!isRefusal(error, 'NOT_FOUND')) throw error;
      return [];
    }
  }

  /** What time it is there; null if it does not say. */
  async clock(): Promise<Date | null> {
    const { headers } = await this.line.call(async () => {
      const reply = await this.caller.call({ method: 'GET', path: ['health'], doing: 'ask', what: 'what time it is', signal: this.#signal });
      reply.discard();
      return reply;
    }, this.#signal);
    const time = Date.parse(headers.date ?? '');
    return Number.isNaN(time) ? null : new Date(time);
  }

  /** The table, its folders first. `head` is called again where the answer broke off and begins anew. */
  async table(head: (folders: string[]) => void, row: (row: TableRow) => void): Promise<void> {
    const [folder] = this.address.folder.split('/');
    const call: Call = { method: 'GET', path: ['table'], doing: 'read', what: 'the hash table', signal: this.#signal, idle: patience };
    await this.line.call(async () => {
      let isFirst = true;
      for await (const line of this.caller.lines<TableRow | TableHead>(call)) {
        if (isFirst) {
          isFirst = false;
          if (!('table' in line) || line.table !== 1) throw new BatError('FORMAT_UNSUPPORTED', `The hash table of ${this.address.server} is of a kind that this bat does not know.`, { hint: 'Bring bat up to date on both machines.' });
          const folders = foldersOf(line) ?? this.#senseless();
          if (folder && !folders.includes(folder)) throw noFolder(this.address.server, folder, folders);
          head(folders);
        } else if ('path' in line) row(isRow(line) ? line : this.#senseless());
      }
    }, this.#signal);
  }

  /** Throws USAGE if the folder of the address is not there. */
  async expectFolder(): Promise<void> {
    const { folder, server } = this.address;
    try {
      await this.#json({ method: 'GET', path: ['files', ...folder.split('/')], isFolder: true, query: { limit: '1' }, doing: 'look at', what: folder });
    } catch (error) {
      if (!isRefusal(error, 'NOT_FOUND', 'NAME_REFUSED')) throw error;
      throw new BatError('USAGE', `${server} has no folder "${folder}".`, { hint: 'Correct the address. What is in a folder is mirrored, never a single file.', cause: error });
    }
  }

  /** The bytes from `offset` on. A line that breaks is gone on with where it broke. Throws FileChanged where the server says that it is another file now. */
  async *read(path: string, size: number, sha256: string, offset = 0): AsyncGenerator<Uint8Array> {
    for (let at = offset, isOver = size === at && at > 0; !isOver; ) {
      // With its first piece: an answer that never gets on is one that failed.
      const { pieces, first } = await this.line.transfer(() => this.#open(path, sha256, at), this.#signal);
      try {
        for (let step = first; !step.done; step = await pieces.next()) {
          at += step.value.length;
          // Nobody is to store, or hold, what never ends.
          if (at > size) throw new FileChanged(`${path} has more than ${size} bytes on ${this.address.server}, and had ${size}`);
          yield step.value;
        }
        if (at !== size) throw new FileChanged(`${path} has ${at} bytes on ${this.address.server}, and had ${size}`);
        isOver = true;
      } catch (error) {
        if (!(error instanceof BatError) || !error.transient) throw error;
      } finally {
        await pieces.return?.(undefined);
      }
    }
  }

  /** Moves or copies within the library; never onto something. */
  async rename(from: string, to: string, sha256: string, copy: boolean): Promise<void> {
    await this.#json({
      method: 'PATCH',
      path: ['files', ...from.split('/')],
      headers: { 'If-Match': `"${sha256}"` },
      json: { to, ...(copy ? { copy: true } : {}) },
      doing: copy ? 'copy' : 'move',
      what: from,
    });
  }

  async remove(path: string, sha256: string): Promise<void> {
    try {
      await this.#json({ method: 'DELETE', path: ['files', ...path.split('/')], headers: { 'If-Match': `"${sha256}"` }, doing: 'remove', what: path });
    } catch (error) {
      if (!isRefusal(error, 'NOT_FOUND')) throw error;
    }
  }

  /** True if it is gone; false if something is in it. */
  async removeFolder(path: string): Promise<boolean> {
    try {
      await this.#json({ method: 'DELETE', path: ['files', ...path.split('/')], isFolder: true, doing: 'remove', what: path });
      return true;
    } catch (error) {
      if (isRefusal(error, 'NOT_FOUND')) return true;
      if (isRefusal(error, 'EXISTS', 'BAD_REQUEST', 'NOT_EMPTY', 'DENIED', 'NAME_REFUSED')) return false;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.caller.close();
  }

  async #open(path: string, sha256: string, at: number): Promise<{ pieces: AsyncGenerator<Uint8Array>; first: IteratorResult<Uint8Array> }> {
    const call: Call = { method: 'GET', path: ['files', ...path.split('/')], headers: at === 0 ? {} : { Range: `bytes=${at}-` }, doing: 'read', what: path, signal: this.#signal };
    const reply = await this.caller.call(call).catch((error: unknown) => {
      throw isRefusal(error, 'NOT_FOUND') ? new FileChanged(`${path} is not on ${this.address.server} any more`) : error;
    });
    const tag = reply.headers.etag;
    if ((tag !== undefined && !tag.includes(sha256)) || (at > 0 && reply.status !== 206)) {
      reply.discard();
      throw new FileChanged(`${path} changed on ${this.address.server} meanwhile`);
    }
    const pieces = this.caller.bytes(call, reply);
    return { pieces, first: await pieces.next() };
  }

  #senseless(): never {
    throw new BatError('TARGET_FAILED', `The hash table of ${this.address.server} has lines that make no sense.`, { hint: 'Is it a bat server that answers? Nothing was changed.' });
  }

  async #json<T>(call: Omit<Call, 'signal'>): Promise<T> {
    return this.line.call(() => this.#asRead(this.caller.json<T>({ ...call, signal: this.#signal })), this.#signal);
  }

  async #asRead<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (isRefusal(error, 'PRECONDITION_FAILED', 'CHANGED')) throw new FileChanged((error as BatError).message);
      throw error;
    }
  }
}

function foldersOf({ folders }: TableHead): string[] | null {
  const names = Array.isArray(folders) ? folders.map((one: unknown) => (typeof one === 'string' ? one : (one as { id?: unknown } | null)?.id)) : [null];
  return names.every((name) => typeof name === 'string') ? (names as string[]) : null;
}

/** What is listed is not believed: a path leads down, a number is one. */
function isRow({ path, size, mtime, sha256 }: { [Key in keyof TableRow]?: unknown }): boolean {
  const isPath = typeof path === 'string' && !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  const isTime = typeof mtime === 'string' && /^-?\d{1,12}(\.\d{1,9})?$/.test(mtime);
  return isPath && isTime && Number.isSafeInteger(size) && (size as number) >= 0 && (sha256 === undefined || (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)));
}

export function noFolder(server: string, folder: string, folders: readonly string[]): BatError {
  return new BatError('USAGE', `${server} has no folder "${folder}" in its library.`, {
    hint: folders.length === 0 ? 'This token may use none of its folders.' : `This token may use: ${folders.join(', ')}.`,
  });
}
