/** A file that is read in the tick of the clock in which it was written is read again by the next run: it could have been written once more. */

/** Resolves when what was written before has an earlier time than what is read from now on. Not by Date: tests set that. */
export async function pastTick(): Promise<void> {
  const now = performance.now();
  while (performance.now() < now + 25) await new Promise(setImmediate);
}
