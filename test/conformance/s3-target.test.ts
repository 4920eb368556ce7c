/** The target `s3` keeps the contract on a real object gateway. */
import { describe } from 'vitest';
import { missingCeph, sharedRgw } from '../servers/ceph-rgw.ts';
import { s3Store } from '../targets/s3-store.ts';
import { targetSuite } from './target-suite.ts';

const missing = missingCeph();

describe.skipIf(missing)(`s3 on Ceph RGW${missing ? ` (skipped: ${missing})` : ''}`, () => {
  targetSuite('s3', async () => s3Store(await sharedRgw()));
});
