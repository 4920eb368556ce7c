/** How many connections there may be: in all, and from one address, so that one visitor does not take the places of all others. */
import type { Server } from 'node:http';
import { isIPv4, type Socket } from 'node:net';
import type { ServerEvent } from './server-event.ts';

const leastForOne = 8;
/** Turned away connections are told of so often at the most. */
const noticeTime = 60_000;

/** Gives the connections that there are. */
export function limitConnections(server: Server, most: number, log: (event: ServerEvent) => void): ReadonlySet<Socket> {
  const forOne = Math.min(Math.max(leastForOne, Math.ceil(most / 4)), most - 1);
  const sockets = new Set<Socket>();
  const counts = new Map<string, number>();
  let noticed = -Infinity;
  const notice = (message: string): void => {
    if (performance.now() - noticed < noticeTime) return;
    noticed = performance.now();
    log({ type: 'notice', message, hint: 'limits.connections in the settings says how many there may be.' });
  };
  server.maxConnections = most;
  server.on('drop', () => notice(`There are ${most} connections: more are turned away.`));
  server.on('connection', (socket: Socket) => {
    const address = network(socket.remoteAddress ?? '');
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = counts.get(address)! - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    if (count <= forOne) return;
    notice(`${address} has ${forOne} connections: it gets no more.`);
    socket.destroy();
  });
  return sockets;
}

/** Whoever has one address of IPv6 has a whole network of them. */
export function network(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  return plain === '' || isIPv4(plain) ? plain : plain.split(':', 4).join(':');
}
