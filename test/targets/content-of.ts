/** Objects whose bytes follow from their names, so that whoever finds one knows whether it is whole. */
import { createHash } from 'node:crypto';

/** Some names come again in each round, so that objects are replaced too. */
export function nameOf(round: number, number: number): string {
  return number % 5 === 0 ? `shared/${number}.bin` : `round-${round}/folder-${number % 7}/${number}.bin`;
}

/** Up to some hundred kilobytes, ending in a checksum of themselves. */
export function contentOf(name: string): Buffer {
  const seed = createHash('sha256').update(name).digest();
  const body = Buffer.alloc((seed.readUInt16LE(0) * 5) % 300_000, seed);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}
