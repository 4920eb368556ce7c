/**
 * A proxy in front of a server that fails as networks and servers do. A plan says of each request which fault befalls it: a test's
 * own, or `seededFaults`. What is not befallen passes as it is; signatures stay valid.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { bodyOf, relay, sendOn } from './forward.ts';
import type { Chunks } from './forward.ts';
import { listen } from './loopback.ts';

export type Fault =
  /** Answered by the proxy; the server never hears of it. */
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  | { kind: 'delay'; milliseconds: number }
  /** Taken, and never answered. */
  | { kind: 'stall' }
  /** The connection breaks when so many bytes of the body have gone on; half of them unless given. */
  | { kind: 'drop-request'; after?: number }
  /** The connection breaks when so many bytes of the answer's body have come back; half of them unless given. */
  | { kind: 'drop-response'; after?: number }
  /** The server does what is asked, and the connection breaks before a word of the answer. */
  | { kind: 'lose-answer' }
  /** Half of the answer's body, and headers that say it is all. */
  | { kind: 'truncate-response' }
  /** One byte of the body is another. */
  | { kind: 'corrupt-request' }
  | { kind: 'corrupt-response' };

export interface ProxiedRequest {
  method: string;
  url: string;
  /** Of the body as announced; 0 if there is none. */
  size: number;
  /** What befell it: the kind of the fault, with the status of an answer: `answer 503`. */
  fault?: string;
  /** What the client was answered, by the server or the proxy, if it came to that. */
  status?: number;
  /** Bytes of the answer's body that went on to the client; none of an answer by the proxy. */
  received?: number;
}

export type FaultPlan = (request: Readonly<ProxiedRequest>) => Fault | undefined;

export interface FaultyProxy {
  readonly endpoint: string;
  /** May be changed at any time. */
  plan: FaultPlan;
  /** All requests, in the order they came. */
  readonly requests: readonly ProxiedRequest[];
  /** How often each fault befell a request, by its name as in `ProxiedRequest`. */
  counts(): Record<string, number>;
  /** Cuts all connections and refuses new ones. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

class Dropped extends Error {}

export async function startFaultyProxy(server: { endpoint: string }, plan: FaultPlan = () => undefined): Promise<FaultyProxy> {
  const requests: ProxiedRequest[] = [];
  const proxy = { plan };
  const { endpoint, open, close } = await listen((request, response) => {
    const proxied: ProxiedRequest = { method: request.method!, url: request.url!, size: Number(request.headers['content-length'] ?? 0) };
    requests.push(proxied);
    const fault = proxy.plan(proxied);
    if (fault) proxied.fault = nameOf(fault);
    response.once('finish', () => void (proxied.status = response.statusCode));
    // What ends badly, for the fault or because the server is not there, is a broken connection to the client, who gets what was sent before.
    serve(server.endpoint, request, response, fault, (bytes) => (proxied.received = (proxied.received ?? 0) + bytes)).catch(() => request.socket.destroySoon());
  });
  return Object.assign(proxy, {
    endpoint,
    requests,
    counts() {
      const counts: Record<string, number> = {};
      for (const { fault } of requests) if (fault !== undefined) counts[fault] = (counts[fault] ?? 0) + 1;
      return counts;
    },
    down: close,
    up: open,
    stop: close,
  });
}

async function serve(endpoint: string, request: IncomingMessage, response: ServerResponse, fault: Fault | undefined, count: (bytes: number) => void): Promise<void> {
  if (fault?.kind === 'answer') return answerWith(fault, request, response);
  if (fault?.kind === 'stall') return void request.resume();
  if (fault?.kind === 'delay') await delay(fault.milliseconds);
  const answer = await sendOn(endpoint, request, alteredRequest(request, fault));
  request.resume();
  if (fault?.kind === 'lose-answer') {
    // To its end, so that the server has done all it does.
    for await (const _ of answer);
    throw new Dropped();
  }
  const size = Number(answer.headers['content-length'] ?? 0);
  const headers = fault?.kind === 'truncate-response' ? withLength(answer.rawHeaders, Math.floor(size / 2)) : answer.rawHeaders;
  await relay(answer, response, counted(alteredResponse(answer, size, fault), count), headers);
}

async function answerWith({ status, headers, body = '' }: Fault & { kind: 'answer' }, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // To its end, else a client that is still sending may not see the answer.
  for await (const _ of bodyOf(request));
  response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(request.method === 'HEAD' ? undefined : body);
}

async function* counted(body: Chunks, count: (bytes: number) => void): Chunks {
  for await (const chunk of body) {
    count(chunk.length);
    yield chunk;
  }
}

function alteredRequest(request: IncomingMessage, fault: Fault | undefined): Chunks {
  const size = Number(request.headers['content-length'] ?? 0);
  if (fault?.kind === 'drop-request') return cutAfter(bodyOf(request), fault.after ?? Math.floor(size / 2));
  if (fault?.kind === 'corrupt-request') return corruptedAt(bodyOf(request), Math.floor(size / 2));
  return bodyOf(request);
}

function alteredResponse(answer: IncomingMessage, size: number, fault: Fault | undefined): Chunks {
  if (fault?.kind === 'drop-response') return cutAfter(answer, fault.after ?? Math.floor(size / 2));
  if (fault?.kind === 'truncate-response') return upTo(answer, Math.floor(size / 2));
  if (fault?.kind === 'corrupt-response') return corruptedAt(answer, Math.floor(size / 2));
  return answer;
}

async function* cutAfter(body: Chunks, bytes: number): Chunks {
  yield* upTo(body, bytes);
  throw new Dropped();
}

async function* upTo(body: Chunks, bytes: number): Chunks {
  let left = bytes;
  for await (const chunk of body) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function* corruptedAt(body: Chunks, at: number): Chunks {
  let offset = 0;
  for await (const chunk of body) {
    if (at >= offset && at < offset + chunk.length) chunk[at - offset]! ^= 1;
    offset += chunk.length;
    yield chunk;
  }
}

function withLength(headers: readonly string[], length: number): string[] {
  return headers.map((value, index) => (index % 2 === 1 && headers[index - 1]!.toLowerCase() === 'content-length' ? String(length) : value));
}

function nameOf(fault: Fault): string {
  return fault.kind === 'answer' ? `answer ${fault.status}` : fault.kind;
}
