/** A server on a port of its own of this machine, that can go away and come back at the same address. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Loopback {
  readonly endpoint: string;
  /** Takes connections again, at the same address. */
  open(): Promise<void>;
  /** Cuts every connection, and refuses new ones. */
  close(): Promise<void>;
}

/** Never ends a connection by itself: a client that is just using one again would see it break. */
export async function listen(handler: RequestListener): Promise<Loopback> {
  let server: Server;
  let port = 0;
  const open = async (): Promise<void> => {
    server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, handler);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  await open();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    open,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
