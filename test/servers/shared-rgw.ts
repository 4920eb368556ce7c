/** For vitest's `globalSetup`: starts one Ceph gateway when the first test of a run asks for it, and stops it after the last. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startRgw } from './ceph-rgw.ts';
import type { CephRgw } from './ceph-rgw.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test asks for the gateway. */
    rgw: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let rgw: Promise<CephRgw> | undefined;
  const server = createServer((_, response) => {
    rgw ??= startRgw();
    rgw.then(
      ({ endpoint, region, accessKey, secretKey, reader }) => response.end(JSON.stringify({ endpoint, region, accessKey, secretKey, reader })),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  project.provide('rgw', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await rgw?.then(({ stop }) => stop(), () => {});
  };
}
