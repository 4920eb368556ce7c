/** The target `s3` keeps the contract: on a real object gateway, on a small server for machines without one. */
import { describe } from 'vitest';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import { startS3Server } from '../servers/s3-server.ts';
import { s3Store } from '../targets/s3-store.ts';
import { targetSuite } from './target-suite.ts';

/** More than a page. */
const traits = { manyObjects: 1100 };
const missing = missingCeph();

describe.skipIf(missing)(`Ceph RGW${missing ? ` (skipped: ${missing})` : ''}`, () => {
  targetSuite('s3', async () => s3Store(await sharedRgw()), traits);
});

describe('a server in this process', () => {
  targetSuite('s3', async () => {
    const server = await startS3Server();
    const store = await s3Store(server);
    return {
      ...store,
      async dispose() {
        await store.dispose();
        await server.stop();
      },
    };
  }, traits);
});
