/** The listening side: connections, their limits and times, and what each request is recorded as. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import type { ServerApp } from './app.ts';
import { ServerError } from './errors.ts';
import { requestRecord } from './record-request.ts';
import { securityHeaders } from './security-headers.ts';
import type { ServerEvent } from './server-event.ts';
import { inUrl } from './settings/listen-address.ts';
import type { ServeSettings } from './settings/settings.ts';

export interface Listening {
  url: string;
  /** Takes no new connections, waits for the requests that run, and cuts off those that take longer than this. */
  close(milliseconds: number): Promise<void>;
}

/** Time for the headers of a request, from its first byte. */
const headersTime = 15_000;

/** Throws LISTEN_FAILED. */
export async function listen(settings: ServeSettings, app: ServerApp, log: (event: ServerEvent) => void): Promise<Listening> {
  let stopping = false;
  const answer = getRequestListener((request, env) => app.fetch(request, env as HttpBindings), {
    overrideGlobalObjects: false,
    errorHandler: () => Response.json(new ServerError('BAD_REQUEST', 'The request is not what HTTP asks for.').toJson(), { status: 400 }),
  });
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    for (const [name, value] of Object.entries(securityHeaders)) outgoing.setHeader(name, value);
    requestRecord(incoming, outgoing, log);
    if (stopping) outgoing.setHeader('Connection', 'close');
    void answer(incoming, outgoing);
  };
  const server = makeServer(settings);
  server.on('request', onRequest);
  server.maxConnections = settings.limits.connections;
  await start(server, settings);
  const { port } = server.address() as AddressInfo;
  return {
    url: `${settings.tls ? 'https' : 'http'}://${inUrl(settings.listen.host)}:${port}`,
    close: async (milliseconds) => {
      stopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), milliseconds);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** No limit on a whole request: an honest upload may take a day. */
function makeServer({ tls }: ServeSettings): Server {
  const times = { headersTimeout: headersTime, requestTimeout: 0, keepAliveTimeout: 5000, connectionsCheckingInterval: 1000 };
  return tls ? createHttpsServer(times) : createHttpServer(times);
}

async function start(server: Server, { listen: { host, port } }: ServeSettings): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function cannotListen(cause: unknown, host: string, port: number): BatError {
  const place = `${inUrl(host)}:${port}`;
  const hints: Record<string, [reason: string, hint: string]> = {
    EADDRINUSE: ['another program listens there', 'Stop that one, or give another port under `listen:`.'],
    EADDRNOTAVAIL: ['this machine has no such address', 'Write 0.0.0.0 for every address that it has, or one of its own.'],
    EACCES: ['the system does not allow it', 'Ports below 1024 are for the system: take a higher one, such as 7878.'],
  };
  const [reason, hint] = hints[systemCode(cause) ?? ''] ?? [systemReason(cause), 'Check what `listen:` says.'];
  return new BatError('LISTEN_FAILED', `The server cannot listen on ${place}: ${reason}.`, { hint, subject: place, cause });
}
