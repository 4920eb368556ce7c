/** The listening side: what every connection and every request goes through before and after the app. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { BatError, systemCode, systemReason } from '../core/errors.ts';
import type { ServerApp } from './app.ts';
import { certificateNotice, followCertificate, readCertificate } from './certificate.ts';
import { limitConnections } from './connections.ts';
import { ServerError, statusCodes } from './errors.ts';
import { closeAfterUnread, continueWhenRead } from './expect-continue.ts';
import { IdleWatch } from './idle-watch.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { ownAddresses } from './own-addresses.ts';
import { recordOf, requestRecord } from './record-request.ts';
import { securityHeaders } from './security-headers.ts';
import type { ServerEvent } from './server-event.ts';
import { inUrl } from './settings/listen-address.ts';
import type { ServeSettings } from './settings/settings.ts';
import { writeRefusal } from './write-refusal.ts';

export interface Listening {
  url: string;
  /** The same with the machine's own addresses, where it listens on all of them. */
  addresses: string[];
  /** Takes nothing new and waits for what runs. What takes longer than so many milliseconds is cut off, after `cut` was called. */
  close(milliseconds: number, cut: () => void): Promise<void>;
}

/** For the headers of a request, from when the connection was made, at the most. */
const headersTime = 15_000;
/** For routes to tidy up after they were cut off. */
const tidyTime = 5000;

/** Throws LISTEN_FAILED. */
export async function listen(settings: ServeSettings, app: ServerApp, log: (event: ServerEvent) => void): Promise<Listening> {
  const server = makeServer(settings, log);
  const watch = new IdleWatch(settings.limits.idle);
  const running = new Set<Promise<void>>();
  const turns = new OneAtATime();
  let stopping = false;
  const answer = getRequestListener((request, env) => app.fetch(request, env as HttpBindings), { overrideGlobalObjects: false, errorHandler: notHttp });
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    for (const [name, value] of Object.entries(securityHeaders)) outgoing.setHeader(name, value);
    const record = (): void => requestRecord(incoming, outgoing, log);
    if (!turns.begin(incoming, outgoing, record)) return;
    record();
    closeAfterUnread(incoming, outgoing);
    if (stopping) {
      recordOf(incoming).status = statusCodes.STOPPING;
      return writeRefusal(incoming.socket, stoppingError());
    }
    watch.add(incoming, outgoing);
    const done = answer(incoming, outgoing).finally(() => running.delete(done));
    running.add(done);
  };
  server.on('request', onRequest);
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    continueWhenRead(incoming, outgoing);
    onRequest(incoming, outgoing);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => writeRefusal(socket, clientError(error)));
  const sockets = limitConnections(server, settings.limits.connections, log);
  await start(server, settings);
  server.on('error', (error) => log({ type: 'notice', message: `A connection could not be taken: ${systemReason(error)}.` }));
  const follower = settings.tls && followCertificate(server as HttpsServer, settings.tls, log);
  const { port } = server.address() as AddressInfo;
  const { host } = settings.listen;
  const scheme = settings.tls ? 'https' : 'http';
  return {
    url: `${scheme}://${inUrl(host)}:${port}`,
    addresses: ownAddresses(host).map((address) => `${scheme}://${address}:${port}`),
    close: async (milliseconds, cut) => {
      stopping = true;
      follower?.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const late = setTimeout(() => {
        cut();
        for (const socket of sockets) socket.destroy();
      }, milliseconds);
      await closed;
      clearInterval(idle);
      clearTimeout(late);
      cut();
      watch.stop();
      await ended(running, tidyTime);
    },
  };
}

/** No limit on a whole request: an honest upload may take a day. IdleWatch ends those that do not go on. */
function makeServer({ tls, limits: { idle } }: ServeSettings, log: (event: ServerEvent) => void): Server {
  const headersTimeout = Math.min(headersTime, idle);
  const times = { headersTimeout, requestTimeout: 0, keepAliveTimeout: 5000, connectionsCheckingInterval: headersTimeout / 4 };
  if (!tls) return createHttpServer(times);
  const certificate = readCertificate(tls);
  const notice = certificateNotice(certificate);
  if (notice !== null) log({ type: 'notice', message: notice });
  return createHttpsServer({ ...times, ...certificate, handshakeTimeout: headersTimeout });
}

async function start(server: Server, { listen: { host, port } }: ServeSettings): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error): void => reject(cannotListen(error, host, port));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      resolve();
    });
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

/** The adapter could make no request of it. */
function notHttp(): Response {
  const error = new ServerError('BAD_REQUEST', 'The request is not what HTTP asks for.');
  return Response.json(error.toJson(), { status: error.status, headers: { 'Bat-Error': error.code } });
}

/** What Node's parser refuses, or waits for in vain. */
function clientError({ code }: NodeJS.ErrnoException): ServerError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ServerError('TIMEOUT', 'The request did not come in time.');
  if (code === 'HPE_HEADER_OVERFLOW') return new ServerError('HEADERS_TOO_LARGE', 'The headers of the request are too large.');
  return new ServerError('BAD_REQUEST', 'The request is not what HTTP asks for.');
}

function stoppingError(): ServerError {
  return new ServerError('STOPPING', 'The server is being stopped.', { hint: 'Try again later.' });
}

/** Waits for all, but no longer than so many milliseconds. */
async function ended(promises: ReadonlySet<Promise<void>>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([Promise.allSettled(promises), late]);
  clearTimeout(timer);
}
