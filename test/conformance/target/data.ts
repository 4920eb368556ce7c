/** What the parts of the suite share: a store made for each test, bytes to put into it, and ways to look at it. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { OpenOptions, PutOptions, Target } from '../../../src/targets/target.ts';
import type { TargetSetup, TargetStore, TargetTraits } from '../target-suite.ts';

export const hot: PutOptions = { temperature: 'hot' };

/** Options of `open`: parts of the target's own size. */
export function parted({ capabilities }: Target): OpenOptions {
  return { ...hot, partSize: capabilities.partSize };
}

export interface Bench {
  readonly target: Target;
  readonly store: TargetStore;
  readonly traits: TargetTraits;
}

/** A fresh, connected store before each test of the `describe` that calls this. */
export function benchFor(setup: TargetSetup, traits: TargetTraits): () => Bench {
  let store: TargetStore | undefined;
  beforeEach(async () => {
    store = await setup();
    await store.target.connect({ create: true });
  });
  afterEach(async () => {
    await store?.target.close();
    await store?.dispose();
    store = undefined;
  });
  return () => ({ target: store!.target, store: store!, traits });
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

async function readWhole(target: Target, name: string): Promise<Buffer> {
  const stat = await target.stat(name);
  expect(stat, `${name} is there`).not.toBeNull();
  return Buffer.from(await target.read(name, 0, stat!.size));
}

/** Compares by checksum: a difference in megabytes of bytes is nothing to print. */
export async function expectObject(target: Target, name: string, bytes: Uint8Array): Promise<void> {
  const stored = await readWhole(target, name);
  expect({ size: stored.length, sha256: sha256(stored) }).toEqual({ size: bytes.length, sha256: sha256(bytes) });
}

export async function listed(target: Target, prefix = ''): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of target.list(prefix)) names.push(name);
  return names.sort();
}

/** What the listing shows: at once, or after a while where the target is declared to be late. */
export async function expectListed({ target, traits }: Bench, prefix: string, names: readonly string[]): Promise<void> {
  const check = async () => expect(await listed(target, prefix)).toEqual([...names].sort());
  await (traits.listsLate ? vi.waitFor(check, { timeout: 30_000, interval: 500 }) : check());
}

/** What is really there, the leavings of uploads too, in a fixed order. */
export async function everything({ store }: Bench): Promise<string[]> {
  return (await store.leftovers()).sort();
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
