/** When what is read is not what it should be: once more, and then whose fault it is. */
import { hash } from 'node:crypto';
import { BatError, type ErrorCode } from '../../core/errors.ts';
import { readAgain } from '../../core/read-again.ts';
import type { ObjectReader } from '../../volume/object-reader.ts';
import type { Store } from './load.ts';
import type { Report } from './report.ts';

/** What speaks of one object only; after anything else the target itself is given up. */
export const objectCodes: ReadonlySet<ErrorCode> = new Set(['OBJECT_MISSING', 'OBJECT_DAMAGED', 'OBJECT_COLD', 'KEY_MISSING', 'KEY_WRONG', 'FORMAT_UNSUPPORTED', 'TARGET_DENIED', 'TARGET_FAILED']);

/** What has no checksum of its own shows only by its hash that it came damaged. Null if it does each time. */
export async function readRight(reader: ObjectReader, name: string, { offset, length, sha256 }: { offset: number; length: number; sha256: Buffer }): Promise<Uint8Array | null> {
  try {
    return await readAgain(async () => {
      const bytes = Buffer.concat(await Array.fromAsync(reader.read(offset, length)));
      if (!hash('sha256', bytes, 'buffer').equals(sha256)) throw new BatError('OBJECT_DAMAGED', `${name} is damaged`);
      return bytes;
    });
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    return null;
  }
}

/** Says what went wrong with an object, or that its target is given up, which is said once. */
export function tellBlame(error: BatError, { store, name, report }: { store: Store; name: string; report: Report }): void {
  if (store.isGone) return;
  if (objectCodes.has(error.code)) {
    report.trouble(store.target.id, name, error);
  } else {
    store.isGone = true;
    report.targetFailed(store.target.id, error);
  }
}
