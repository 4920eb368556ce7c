/** Bytes may be damaged where they lie, or only on the way: that is found out by fetching them again. */
import { BatError, type ErrorCode } from './bat-error.ts';

/** In all. One more than would do, for a line that damages one answer in a hundred. */
const mostReads = 4;
/** A header with another byte in it may look like one for other keys, and a signed list like one that is forged. */
const damage: ReadonlySet<ErrorCode> = new Set(['OBJECT_DAMAGED', 'KEY_WRONG', 'MANIFEST_FORGED']);

/** Fetches and checks until it is sound; throws what was wrong the last time. `again`: it has been fetched before. */
export async function readAgain<T>(fetchAndCheck: (again: boolean) => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads++) {
    try {
      return await fetchAndCheck(reads > 1);
    } catch (error) {
      if (reads >= mostReads || !(error instanceof BatError) || !damage.has(error.code)) throw error;
    }
  }
}
