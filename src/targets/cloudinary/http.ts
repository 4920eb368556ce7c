/**
 * Requests over node:http. The package's own transport cannot be stopped, knows no deadline for Admin calls, retries nothing
 * and puts the key and the secret into its errors; and fetch cannot send a body in slices with its length said before.
 */
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { Pace } from '../../core/pace.ts';
import { pacedSlices } from '../../core/slices.ts';
import { Wait } from './wait.ts';

export interface HttpRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** Sent one after the other. */
  body?: readonly Uint8Array[];
  signal?: AbortSignal | undefined;
}

export interface HttpReply {
  status: number;
  headers: IncomingHttpHeaders;
  /** Paced. Leaving it early cuts the connection. */
  body: AsyncIterable<Uint8Array>;
  discard(): void;
}

const MOST_REDIRECTS = 5;
const LARGEST_TEXT = 32 * 2 ** 20;

export class HttpClient {
  readonly #pace: Pace | undefined;
  /** Milliseconds without a byte after which a request has failed. */
  readonly #idle: number;
  /** Not imported: loading what Node has for the web takes longer than looking through a plan, and few plans need it. */
  readonly #protocols = { 'http:': process.getBuiltinModule('node:http'), 'https:': process.getBuiltinModule('node:https') };
  readonly #agents: Record<'http:' | 'https:', Agent> = { 'http:': new this.#protocols['http:'].Agent({ keepAlive: true }), 'https:': new this.#protocols['https:'].Agent({ keepAlive: true }) };

  constructor(pace: Pace | undefined, idle: number) {
    this.#pace = pace;
    this.#idle = idle;
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

  async #exchange({ method, url, headers = {}, body = [], signal }: HttpRequest): Promise<HttpReply> {
    signal?.throwIfAborted();
    const protocol = new URL(url).protocol === 'https:' ? 'https:' : 'http:';
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    const outgoing = this.#protocols[protocol].request(url, {
      method,
      agent: this.#agents[protocol],
      timeout: this.#idle,
      headers: { 'User-Agent': 'bat-backup', Accept: '*/*', 'Accept-Encoding': 'identity', ...(method === 'POST' ? { 'Content-Length': length } : {}), ...headers },
      ...(signal ? { signal } : {}),
    });
    const wait = new Wait(outgoing, this.#idle);
    let incoming = null as IncomingMessage | null;
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', (response) => resolve((incoming = response)));
      // Once there is an answer, what becomes of the rest of the body is of no interest.
      outgoing.on('error', reject);
    });
    answered.catch(() => {});
    const hasEnded = (): boolean => incoming !== null || outgoing.destroyed;
    for (const piece of body) await this.#write(outgoing, piece, wait, hasEnded, signal);
    if (!hasEnded()) outgoing.end();
    const response = await answered;
    return {
      status: response.statusCode!,
      headers: response.headers,
      body: this.#paced(response, wait, signal),
      discard: () => outgoing.destroy(),
    };
  }

  /** A refusal may come before all is sent: then the rest is left out. */
  async #write(outgoing: ClientRequest, piece: Uint8Array, wait: Wait, hasEnded: () => boolean, signal: AbortSignal | undefined): Promise<void> {
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

  async *#paced(response: IncomingMessage, wait: Wait, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    for await (const piece of response as AsyncIterable<Buffer>) {
      if (this.#pace) await wait.during(() => this.#pace!.download(piece.length, signal));
      yield piece;
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
