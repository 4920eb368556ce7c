/** Passes connections on to a server, and counts the bytes. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Counter {
  endpoint: string;
  /** Of both directions, since the last time this was asked. */
  bytes(): number;
  stop(): Promise<void>;
}

export async function startCounter(endpoint: string): Promise<Counter> {
  const { hostname, port } = new URL(endpoint);
  const open = new Set<Socket>();
  let count = 0;
  const pass = (from: Socket, to: Socket): void => {
    open.add(from);
    from.on('data', (chunk: Buffer) => void (count += chunk.length));
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => open.delete(from));
  };
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytes() {
      const counted = count;
      count = 0;
      return counted;
    },
    async stop() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
