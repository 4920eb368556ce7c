/** What is stored by the cases: bytes, whole and in parts. */
import { createHash } from 'node:crypto';
import type { OpenOptions, PutOptions, Target } from '../target.ts';

export const hot: PutOptions = { temperature: 'hot' };

/** Options of `open`: parts of the target's own size. */
export function parted({ capabilities }: Target): OpenOptions {
  return { ...hot, partSize: capabilities.partSize };
}

/** Bytes that look random, and are the same for the same seed. */
export function bytesOf(length: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed * 2_654_435_761 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The parts of an object, in order. */
export function partsOf(bytes: Uint8Array, partSize: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / partSize) }, (_, index) => bytes.subarray(index * partSize, (index + 1) * partSize));
}

/** Stores an object through `open`, part by part. */
export async function upload(target: Target, name: string, bytes: Uint8Array): Promise<void> {
  const upload = await target.open(name, parted(target));
  for (const [index, part] of partsOf(bytes, target.capabilities.partSize).entries()) await upload.write(index, part);
  await upload.finish(bytes.length);
}

/** Runs `work` for each item, so many at a time. */
export async function inParallel<T>(items: readonly T[], count: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
