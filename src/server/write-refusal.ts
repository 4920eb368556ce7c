/** An answer where there is no request to answer yet: past HTTP, straight to the connection, which ends with it. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServerError } from './errors.ts';
import { securityHeaders } from './security-headers.ts';

/** What was not read by then is given up so soon after. */
const closingTime = 500;

export function writeRefusal(socket: Duplex, error: ServerError): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(error.toJson());
  const headers = { ...securityHeaders, 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)), 'Bat-Error': error.code, Connection: 'close' };
  const head = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), closingTime).unref();
}
