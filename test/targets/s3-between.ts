/**
 * An HTTP server that stands before an S3, or for one: for each request a test says whether it is passed on, answered by the
 * test, or cut off at some place. The Host header is passed on as it came, since the signature covers it.
 */
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Seen {
  /** `PUT`. */
  method: string;
  /** `/bucket/key`, not decoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

export interface Answered {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export type Reaction =
  /** On to the server behind, and its answer back. */
  | 'pass'
  /** The same, but the connection is cut in place of the answer. */
  | 'lose answer'
  /** Cuts the connection at once. */
  | 'cut'
  /** Takes this many bytes of the body, and cuts the connection. Nothing reaches the server behind. */
  | { cutAfter: number }
  /** Passes on the head of the answer and this many bytes of its body, and cuts the connection. */
  | { cutAnswerAfter: number }
  /** Never answers. */
  | 'hang'
  | Answered;

export interface Between {
  endpoint: string;
  /** Everything that was asked, in order. */
  seen: Seen[];
  /** Connections that are open now. */
  connections(): Promise<number>;
}

/** Gone when the test ends. `behind`: the address of the server that requests are passed on to. */
export async function between(react: (seen: Seen) => Reaction | Promise<Reaction>, behind = ''): Promise<Between> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://host');
    const exchange: Seen = { method: request.method!, path: url.pathname, query: url.searchParams, headers: request.headers };
    seen.push(exchange);
    void Promise.resolve(react(exchange)).then((reaction) => carryOut(reaction, request, response, behind));
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count)))),
  };
}

/** S3's own way to say no. */
export function refusal(status: number, code: string, { message = 'No.', extra = '', headers = {} as Record<string, string> } = {}): Answered {
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': 'REQUEST1', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message>${extra}<RequestId>REQUEST1</RequestId></Error>`,
  };
}

function carryOut(reaction: Reaction, request: IncomingMessage, response: ServerResponse, behind: string): void {
  if (reaction === 'hang') return;
  if (reaction === 'cut') return void request.destroy();
  if (typeof reaction === 'object' && 'status' in reaction) {
    request.resume();
    request.once('end', () => response.writeHead(reaction.status, reaction.headers).end(request.method === 'HEAD' ? undefined : reaction.body));
    return;
  }
  if (typeof reaction === 'object' && 'cutAfter' in reaction) {
    let taken = 0;
    request.on('data', (chunk: Buffer) => {
      taken += chunk.length;
      if (taken >= reaction.cutAfter) request.destroy();
    });
    return;
  }
  const onward = httpRequest(`${behind}${request.url}`, { method: request.method, headers: request.headers, setHost: false }, (answer) => {
    if (reaction === 'lose answer') {
      answer.resume();
      answer.once('end', () => response.destroy());
      return;
    }
    response.writeHead(answer.statusCode!, answer.rawHeaders);
    if (reaction === 'pass') return void answer.pipe(response);
    let given = 0;
    answer.on('data', (chunk: Buffer) => {
      response.write(chunk.subarray(0, Math.max(0, reaction.cutAnswerAfter - given)), () => {
        if (given >= reaction.cutAnswerAfter) response.destroy();
      });
      given += chunk.length;
    });
  });
  onward.on('error', () => response.destroy());
  request.on('close', () => {
    if (!request.complete) onward.destroy();
  });
  request.pipe(onward);
}
