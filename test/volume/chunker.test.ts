import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkSizes, findCut, nextCut } from '../../src/volume/chunker.ts';

const { min, average, max } = chunkSizes;
const sample = noise(40 << 20, 'sample');

describe('the chunker', () => {
  it('has the sizes of the format', () => {
    expect(chunkSizes).toEqual({ min: 262_144, average: 1_048_576, max: 4_194_304 });
  });

  it('cuts the same content at the same places for ever', () => {
    expect(cuts(sample).slice(0, 6)).toEqual([1_086_408, 1_357_681, 2_395_513, 2_735_817, 3_999_929, 4_556_011]);
  });

  it('keeps sizes within bounds and near the average on random data', () => {
    const sizes = sizesOf(cuts(sample));
    for (const size of sizes.slice(0, -1)) {
      expect(size).toBeGreaterThan(min);
      expect(size).toBeLessThanOrEqual(max);
    }
    const mean = sample.length / sizes.length;
    expect(mean).toBeGreaterThan(average * 0.8);
    expect(mean).toBeLessThan(average * 1.5);
  });

  it('cuts a file that comes piece by piece as it cuts the whole, however long the pieces are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3 << 20 }), { minLength: 1, maxLength: 12 }), fc.boolean(), (pieces, isEven) => {
        const length = pieces.reduce((sum, piece) => sum + piece, 0);
        const bytes = isEven ? Buffer.alloc(length, 7) : sample.subarray(0, length);
        const found: number[] = [];
        let start = 0;
        let filled = 0;
        for (const [index, piece] of pieces.entries()) {
          filled += piece;
          for (let cut; (cut = nextCut(bytes, start, filled, index === pieces.length - 1)) !== null; start = cut) found.push(cut);
        }
        expect(found).toEqual(cuts(bytes));
      }),
      { numRuns: 30 },
    );
  });

  it('needs no more than max bytes, and nothing before the start, to find a cut', () => {
    const whole = cuts(sample);
    let start = 0;
    for (const cut of whole.slice(0, 20)) {
      const end = Math.min(start + max, sample.length);
      expect(findCut(sample, start, end)).toBe(cut);
      // A plain array as well as a Buffer, at another place in memory.
      expect(findCut(Uint8Array.from(sample.subarray(start, end)), 0, end - start)).toBe(cut - start);
      start = cut;
    }
  });

  it('comes back to the same cuts after bytes were put in or taken out', () => {
    fc.assert(
      fc.property(fc.nat(sample.length - 1), fc.nat(1000), fc.uint8Array({ minLength: 1, maxLength: 100 }), (at, removed, added) => {
        const edited = Buffer.concat([sample.subarray(0, at), added, sample.subarray(at + removed)]);
        const known = new Set(chunksOf(sample));
        const fresh = chunksOf(edited).filter((chunk) => !known.has(chunk));
        // The chunk that was edited, and a few until both see the same cut again.
        expect(fresh.length).toBeLessThanOrEqual(5);
      }),
      { numRuns: 8, examples: [[0, 0, Uint8Array.of(1)], [sample.length >> 1, 0, Uint8Array.of(1)]] },
    );
  });

  it('is the rule of docs/format.md', () => {
    const gear = Int32Array.from({ length: 256 }, (_, byte) => createHash('sha256').update(`bat gear table 1: ${byte}`).digest().readInt32LE(0));
    const bytes = Uint8Array.from(sample.subarray(0, 3_300_000));
    const hashAt = (position: number) => {
      let hash = 0;
      for (let back = 0; back < 32; back++) hash = (hash + (gear[bytes[position - back]!]! << back)) | 0;
      return hash >>> 0;
    };
    const isCut = (position: number, length: number) =>
      length === max || (length > average && hashAt(position) < 2 ** 13) || (length > min && length <= average && hashAt(position) < 2 ** 12);
    const found: number[] = [];
    for (let start = 0, position = 0; position < bytes.length; position++) {
      if (isCut(position, position + 1 - start)) found.push((start = position + 1));
    }
    expect(found).toEqual(cuts(sample).filter((cut) => cut <= bytes.length));
    expect(found).toHaveLength(4);
  });

  it('decides a cut by the 32 bytes before it alone, from the first place where one may be', () => {
    const all = cuts(sample);
    const early = all.find((cut, index) => index > 0 && cut - all[index - 1]! < average)!;
    const window = sample.subarray(early - 32, early);
    for (let length = min + 1; length <= min + 40; length++) {
      const bytes = Buffer.concat([Buffer.alloc(length - 32), window, Buffer.alloc(1000)]);
      expect(findCut(bytes, 0, bytes.length)).toBe(length);
    }
  });

  it.each([...Array(256).keys()].filter((byte) => byte % 15 === 0))('cuts a run of the byte %i at the maximum', (byte) => {
    expect(findCut(Buffer.alloc(max + 5, byte), 0, max + 5)).toBe(max);
  });

  it('takes what is left at the end of a file', () => {
    expect(findCut(sample, 0, 0)).toBe(0);
    expect(findCut(sample, 7, 8)).toBe(8);
    expect(findCut(sample, 7, 7 + min)).toBe(7 + min);
    expect(findCut(Buffer.alloc(average + 1), 0, average + 1)).toBe(average + 1);
    expect(findCut(Buffer.alloc(average), 0, average)).toBe(average);
  });
});

/** Bytes that look random and are the same at every run: xorshift128, seeded by a hash. */
function noise(length: number, seed: string): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let [a, b, c, d] = new Uint32Array(Uint8Array.from(createHash('sha256').update(seed).digest()).buffer) as unknown as [number, number, number, number];
  for (let at = 0; at < words.length; at++) {
    let t = d;
    t ^= t << 11;
    t ^= t >>> 8;
    [d, c, b] = [c, b, a];
    a = (t ^ a ^ (a >>> 19)) | 0;
    words[at] = a;
  }
  return Buffer.from(words.buffer, 0, length);
}

function cuts(bytes: Buffer): number[] {
  const found: number[] = [];
  for (let start = 0; start < bytes.length; ) found.push((start = findCut(bytes, start, bytes.length)));
  return found;
}

function sizesOf(found: number[]): number[] {
  return found.map((cut, index) => cut - (found[index - 1] ?? 0));
}

function chunksOf(bytes: Buffer): string[] {
  const found = cuts(bytes);
  return found.map((cut, index) => createHash('sha256').update(bytes.subarray(found[index - 1] ?? 0, cut)).digest('hex'));
}
