/**
 * Requests over node:http, for all that bat says to a server without an SDK. They can be stopped, know how long nothing may move, retry
 * nothing, and send a body in slices with its length said before, which fetch cannot.
 */
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { Pace } from '../../core/pace.ts';
import { pacedSlices } from '../../core/slices.ts';
import { IdleWait } from './idle.ts';

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  /** Sent one after the other. */
  body?: readonly Uint8Array[] | StreamedBody;
  /** Milliseconds without a byte, in place of those of the client. */
  idle?: number;
  signal?: AbortSignal | undefined;
}

/** A body that is not in memory as a whole. */
export interface StreamedBody {
  /** Bytes of all pieces; what comes to another sum cuts the request. */
  length: number;
  /** Asked for as they can be sent. What it throws ends the request. */
  pieces: AsyncIterable<Uint8Array>;
}

export interface HttpReply {
  status: number;
  headers: IncomingHttpHeaders;
  /** Paced. Leaving it early cuts the connection. */
  body: AsyncIterable<Uint8Array>;
  discard(): void;
}

export interface HttpClientOptions {
  pace?: Pace | undefined;
  /** Milliseconds without a byte after which a request has failed. */
  idle: number;
  /** Certificates in PEM that are trusted in place of those that the system has. */
  ca?: string | undefined;
}

const MOST_REDIRECTS = 5;
const LARGEST_TEXT = 32 * 2 ** 20;
/** Of these a body of no bytes is said to have none. */
const withBody = new Set(['POST', 'PUT', 'PATCH']);

export class HttpClient {
  readonly #pace: Pace | undefined;
  readonly #idle: number;
  /** Not imported: loading what Node has for the web takes longer than looking through a plan, and few plans need it. */
  readonly #protocols = { 'http:': process.getBuiltinModule('node:http'), 'https:': process.getBuiltinModule('node:https') };
  readonly #agents: Record<'http:' | 'https:', Agent>;

  constructor({ pace, idle, ca }: HttpClientOptions) {
    this.#pace = pace;
    this.#idle = idle;
    this.#agents = { 'http:': new this.#protocols['http:'].Agent({ keepAlive: true }), 'https:': new this.#protocols['https:'].Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) }) };
  }

  /** The reply, its body not read yet. A download may lie at another address; what carries the secret is sent nowhere else. */
  async send(request: HttpRequest): Promise<HttpReply> {
    let { url } = request;
    for (let redirects = 0; ; redirects++) {
      const reply = await this.#exchange({ ...request, url });
      const { location } = reply.headers;
      const mayFollow = request.method === 'GET' && request.headers?.['Authorization'] === undefined && redirects < MOST_REDIRECTS;
      if (!mayFollow || reply.status < 300 || reply.status >= 400 || location === undefined) return reply;
      const next = URL.parse(location, url);
      if (next?.protocol !== 'https:' && next?.protocol !== new URL(url).protocol) return reply;
      reply.discard();
      url = next.href;
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  async #exchange({ method, url, headers = {}, body = [], idle = this.#idle, signal }: HttpRequest): Promise<HttpReply> {
    signal?.throwIfAborted();
    const protocol = new URL(url).protocol === 'https:' ? 'https:' : 'http:';
    const length = 'pieces' in body ? body.length : body.reduce((sum, piece) => sum + piece.length, 0);
    const outgoing = this.#protocols[protocol].request(url, {
      method,
      agent: this.#agents[protocol],
      timeout: idle,
      headers: { 'User-Agent': 'bat-backup', Accept: '*/*', 'Accept-Encoding': 'identity', ...(withBody.has(method) || length > 0 ? { 'Content-Length': length } : {}), ...headers },
      ...(signal ? { signal } : {}),
    });
    const wait = new IdleWait(outgoing, idle);
    let incoming = null as IncomingMessage | null;
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', (response) => resolve((incoming = response)));
      // Once there is an answer, what becomes of the rest of the body is of no interest.
      outgoing.on('error', reject);
    });
    answered.catch(() => {});
    const hasEnded = (): boolean => incoming !== null || outgoing.destroyed;
    try {
      for await (const piece of 'pieces' in body ? body.pieces : body) {
        await this.#write(outgoing, piece, wait, hasEnded, signal);
        if (hasEnded()) break;
      }
    } catch (error) {
      outgoing.destroy();
      throw error;
    }
    if (!hasEnded()) outgoing.end();
    const response = await answered;
    return {
      status: response.statusCode!,
      headers: response.headers,
      body: this.#paced(response, outgoing, wait, signal),
      discard: () => outgoing.destroy(),
    };
  }

  /** A refusal may come before all is sent: then the rest is left out. */
  async #write(outgoing: ClientRequest, piece: Uint8Array, wait: IdleWait, hasEnded: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    const patient: Pace | undefined = this.#pace && {
      upload: (bytes) => wait.during(() => this.#pace!.upload(bytes, signal)),
      download: (bytes) => wait.during(() => this.#pace!.download(bytes, signal)),
    };
    for await (const slice of patient ? pacedSlices(piece, patient, signal) : [piece]) {
      if (hasEnded()) return;
      if (outgoing.write(slice)) continue;
      const left = new AbortController();
      const over = { signal: left.signal };
      await Promise.race([once(outgoing, 'drain', over), once(outgoing, 'response', over), once(outgoing, 'close', over)]).catch(() => {});
      left.abort();
    }
  }

  /** After an answer that came before all was sent the connection is of no more use, and would stay open. */
  async *#paced(response: IncomingMessage, outgoing: ClientRequest, wait: IdleWait, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of response as AsyncIterable<Buffer>) {
        if (this.#pace) await wait.during(() => this.#pace!.download(piece.length, signal));
        yield piece;
      }
    } finally {
      if (!outgoing.writableEnded) outgoing.destroy();
    }
  }
}

/** The whole body of a reply that is known to be small. */
export async function textOf(reply: HttpReply): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of reply.body) {
    size += piece.length;
    if (size > LARGEST_TEXT) throw Object.assign(new Error('The reply is far too long.'), { code: 'HPE_TOO_LONG' });
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
