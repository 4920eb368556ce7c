/** The target `cloudinary` keeps the contract: on an account like a free one, and on an odd one, and a bad line, behind the retry wrapper. */
import { withRetry } from '../../src/targets/with-retry.ts';
import type { CloudinarySettings } from '../servers/cloudinary-server.ts';
import { Refusal } from '../servers/cloudinary-server.ts';
import { cloudinaryAccount } from '../targets/cloudinary-store.ts';
import type { TargetStore } from './target-suite.ts';
import { targetSuite } from './target-suite.ts';

targetSuite('cloudinary', () => makeStore({}, {}));

/** Downloads that ignore ranges, and a call in fifteen that is refused or dropped. That listings may be late has tests of its own: these would wait. */
targetSuite('cloudinary, retried, without ranges and with small assets', () => makeStore(oddSettings(), { 'part-size': '600kB', signature: 'sha256' }, true), {
  manyObjects: 520,
  largeObject: 6_000_000,
});

async function makeStore(settings: Partial<CloudinarySettings>, options: Record<string, unknown>, retried = false): Promise<TargetStore> {
  const { server, target } = await cloudinaryAccount(settings);
  const make = () => (retried ? withRetry(target(options), { attempts: 1000, wait: 0, maxWait: 0, within: Infinity }, () => {}) : target(options));
  return { target: make(), again: async () => make(), leftovers: async () => server.everything(), dispose: () => server.close() };
}

/** No call is refused twice in a row, so that tries come to an end. */
function oddSettings(): Partial<CloudinarySettings> {
  let count = 0;
  const before = (): 'drop' | void => {
    if (++count % 15 !== 0) return;
    if (count % 45 === 0) return 'drop';
    throw count % 45 === 15 ? new Refusal(423, 'Still processing', { 'Retry-After': '0' }) : new Refusal(500, 'Something went wrong');
  };
  return { before, ignoresRanges: true, adminLimit: 1_000_000 };
}
