/**
 * How bat calls a bat server: the address, the token, what certificate is trusted, how long nothing may move, and what a refusal
 * means. The target `http`, `bat push` and `bat mirror` call by this and nothing else. Nothing is tried again here.
 */
import { readFile } from 'node:fs/promises';
import { BatError, systemReason } from '../../core/errors.ts';
import type { Pace } from '../../core/pace.ts';
import { registerSecret } from '../../core/secrets.ts';
import { HttpClient, textOf, type HttpReply, type HttpRequest } from '../shared/http-client.ts';
import { meaningOfRefusal, Refusal, refusalOf, type Meaning } from './answers.ts';
import { JsonLines } from './json-lines.ts';
import { meaningOfFailure } from './network.ts';

export interface CallerOptions {
  /** `https://nas:7878`; what stands behind it, such as the folder of a proxy, stays in front of every path. */
  url: string;
  /** As `bat serve token` prints it. A server without users takes none. */
  token?: string | undefined;
  /** The file of a certificate in PEM that is trusted in place of those that the system has; absolute. */
  ca?: string | undefined;
  pace?: Pace | undefined;
  /** Milliseconds without a byte after which a call has failed. */
  idle?: number;
  /** Who could not do it, for the sentence: `Target "home"`, `bat push`. */
  who: string;
  /** Where a person gives the token and the certificate, for hints. Default: the options of a target. */
  given?: { token: string; ca: string };
}

const givenInPlan = { token: '`token` of the target (for `bat recover` as BAT_TOKEN)', ca: '`ca`' };

export interface Call extends Pick<HttpRequest, 'body' | 'signal' | 'idle'> {
  method: HttpRequest['method'];
  /** Names of a path, to be encoded: `['stores', plan, 'objects', …name.split('/')]`. */
  path: readonly string[];
  /** The path ends in a slash: a folder is meant. */
  isFolder?: boolean;
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  /** Said in place of a body. */
  json?: unknown;
  /** A verb, for the sentence: store, read, remove. */
  doing: string;
  /** The object, or what else it is done to. */
  what: string;
}

/** Milliseconds. */
const usualIdle = 60_000;

export class HttpCaller {
  /** Without a slash at its end, for people: no token stands in it. */
  readonly address: string;
  readonly #options: CallerOptions;
  readonly #idle: number;
  #client: Promise<HttpClient> | null = null;

  /** Throws PLAN_INVALID for an address that is none. */
  constructor(options: CallerOptions) {
    const url = URL.parse(options.url);
    if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
      throw new BatError('PLAN_INVALID', `"${url ? `${url.protocol}//${url.host}` : 'That'}" is no address of a bat server.`, { hint: 'Write https://HOST:PORT, or http://HOST:PORT. The token stands apart.', subject: 'url' });
    }
    this.address = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
    this.#options = options;
    this.#idle = options.idle ?? usualIdle;
    if (options.token) registerSecret(options.token);
  }

  /** The reply of a success, its body not read yet. Throws a BatError for a refusal or a failure of the line, an aborted signal as its reason. */
  async call(call: Call): Promise<HttpReply> {
    return this.#told(call, () => this.#send(call));
  }

  /** The JSON of the answer, a map; undefined for an answer that says that it has none (204). What is in it is not believed. */
  async json<T>(call: Call): Promise<T> {
    return this.#told(call, async () => {
      const reply = await this.#send(call);
      const text = await textOf(reply);
      if (reply.status === 204) return undefined as T;
      if (!/^application\/json\b/.test(reply.headers['content-type'] ?? '')) throw new Refusal(reply.status, { code: null, message: 'no JSON' });
      const value: unknown = JSON.parse(text);
      if (value === null || typeof value !== 'object') throw new Refusal(reply.status, { code: null, message: 'no map' });
      return value as T;
    });
  }

  /** Each line of the answer, as it comes. Throws TARGET_FAILED, transient, for what ends before its last line, `{"end": n}`, does. */
  async *lines<T extends object>(call: Call): AsyncGenerator<T> {
    const lines = await this.#told(call, async () => new JsonLines<T>(await this.#send(call)));
    try {
      for (;;) {
        const batch = await this.#told(call, () => lines.next());
        if (batch === null) return;
        yield* batch;
      }
    } finally {
      lines.close();
    }
  }

  /** The bytes of the answer's body, as they come; their failures told as those of the call. */
  async *bytes(call: Call, reply: HttpReply): AsyncGenerator<Uint8Array> {
    const pieces = reply.body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await this.#told(call, () => pieces.next());
        if (step.done) return;
        yield step.value;
      }
    } finally {
      await pieces.return?.();
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    (await client?.catch(() => null))?.close();
  }

  async #send({ method, path, isFolder, query = {}, headers = {}, json, body, idle, signal }: Call): Promise<HttpReply> {
    const { token } = this.#options;
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
    const reply = await (await this.#connect()).send({
      method,
      url: `${this.address}/${path.map(encodeURIComponent).join('/')}${isFolder ? '/' : ''}${search}`,
      headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(json === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(json !== undefined ? { body: [Buffer.from(JSON.stringify(json))] } : body ? { body } : {}),
      idle: idle ?? this.#idle,
      signal,
    });
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw await refusalOf(reply);
  }

  /** A failure as what it means. */
  async #told<T>(call: Call, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      call.signal?.throwIfAborted();
      throw this.#explain(error, call);
    }
  }

  #explain(error: unknown, { doing, what, idle }: Call): unknown {
    if (error instanceof BatError) return error;
    const { token, given = givenInPlan } = this.#options;
    const isBroken = error instanceof SyntaxError;
    const meaning: Meaning | null = isBroken
      ? { code: 'TARGET_FAILED' as const, reason: 'the answer was cut off or cannot be read', hint: 'If it fails again, check the network.', transient: true }
      : error instanceof Refusal ? meaningOfRefusal(error, this.address) : meaningOfFailure(error, this.address, { idle: idle ?? this.#idle, ca: given.ca });
    if (!meaning) return error;
    // The server speaks to whoever calls by hand.
    if (!token && error instanceof Refusal && error.code === 'UNAUTHENTICATED') meaning.hint = `Give it as ${given.token}; \`bat serve token\` makes one on the server.`;
    return new BatError(meaning.code, `${this.#options.who} could not ${doing} ${what}: ${meaning.reason}.`, {
      ...(meaning.hint === undefined ? {} : { hint: meaning.hint }),
      cause: error instanceof Refusal ? error : new Error((error as Error).message),
      transient: meaning.transient ?? false,
      ...(meaning.retryAfter === undefined ? {} : { retryAfter: meaning.retryAfter }),
      subject: this.address,
    });
  }

  /** One for all calls. What could not be read is tried again. */
  async #connect(): Promise<HttpClient> {
    const client = (this.#client ??= this.#open());
    try {
      return await client;
    } catch (error) {
      if (this.#client === client) this.#client = null;
      throw error;
    }
  }

  async #open(): Promise<HttpClient> {
    const { ca, pace } = this.#options;
    return new HttpClient({ pace, idle: this.#idle, ca: ca === undefined ? undefined : await readCertificate(ca) });
  }
}

async function readCertificate(file: string): Promise<string> {
  const hint = 'Name the file of the certificate in PEM: of the server, or of the CA that signed it.';
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new BatError('TARGET_UNREACHABLE', `The certificate ${file} cannot be read: ${systemReason(error)}.`, { hint, cause: error, subject: file });
  }
  if (/-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(text)) return text;
  throw new BatError('TARGET_UNREACHABLE', `There is no certificate in ${file}.`, { hint, subject: file });
}
