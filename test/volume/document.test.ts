import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealerFactory, generateIdentity, type KeyRing, openKeyRing, type Sealer } from '../../src/volume/age.ts';
import { type Codec, defaultLevel } from '../../src/volume/frames.ts';
import { encodeFrame } from './encode-frame.ts';
import { decodeDocument, documentFrameSize, encodeDocument } from '../../src/volume/object-reader.ts';
import { decodeSeekTable, encodeSeekTable } from '../../src/volume/seek-table.ts';
import { judged } from './judges/run.ts';

const codecs: Codec[] = ['zstd', 'gzip', 'none'];
const cases = codecs.flatMap((codec) => [
  { codec, sealed: false },
  { codec, sealed: true },
]);
const damaged = { code: 'OBJECT_DAMAGED', subject: 'manifest' };

let folder: string;
let keyFile: string;
let keys: KeyRing;
let newSealer: () => Promise<Sealer>;

beforeAll(async () => {
  const { identity, recipient } = await generateIdentity('x25519');
  keys = openKeyRing([identity]);
  newSealer = await createSealerFactory([recipient]);
  folder = mkdtempSync(join(tmpdir(), 'bat-document-'));
  keyFile = join(folder, 'key.txt');
  writeFileSync(keyFile, identity);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(cases)('a document with codec $codec, sealed: $sealed', ({ codec, sealed }) => {
  const encode = (content: Uint8Array, pieceSize?: number) => encodeWhole(content, codec, sealed, pieceSize);
  const decode = (bytes: Uint8Array) => decodeWhole(bytes, codec, sealed);
  /** A document without codec and encryption has nothing to find damage by. */
  const unlessBare = (name: string, check: () => Promise<void>): void => {
    if (codec !== 'none' || sealed) it(name, check);
  };

  it('comes back as it was, in whatever pieces it was written', async () => {
    const line = Buffer.from('{"path":"photos/2024/a.jpg","size":1234567}\n');
    const whole = Buffer.concat([Buffer.alloc(3 * documentFrameSize, line), randomBytes(documentFrameSize)]);
    const size = fc.oneof(fc.nat(2000), fc.constantFrom(0, 1, 2, 3).map((frames) => frames * documentFrameSize), fc.nat(whole.length));
    await fc.assert(
      fc.asyncProperty(size, fc.integer({ min: 999, max: 3_000_000 }), async (length, pieceSize) => {
        const content = whole.subarray(whole.length - length);
        expect(content.equals(await decode(await encode(content, pieceSize)))).toBe(true);
      }),
      { numRuns: 15 },
    );
  });

  it('is read by age, zstd and gunzip', async () => {
    for (const content of [Buffer.alloc(0), Buffer.from('one line\n'), Buffer.alloc(2_500_000, 'some lines\n'), randomBytes(1_100_000)]) {
      let bytes = await encode(content);
      if (sealed) bytes = judged('age', ['-d', '-i', keyFile], bytes);
      if (codec === 'zstd') judged('zstd', ['-tq'], bytes);
      if (codec !== 'none') bytes = judged(codec === 'zstd' ? 'zstd' : 'gunzip', ['-dc'], bytes);
      expect(bytes.equals(content)).toBe(true);
    }
  });

  unlessBare('is damaged by any cut', async () => {
    const content = Buffer.from('{"path":"a"}\n'.repeat(20));
    const bytes = await encode(content);
    for (let length = 0; length < bytes.length; length++) await expect(decode(bytes.subarray(0, length))).rejects.toMatchObject(damaged);
    const large = await encode(randomBytes(2 * documentFrameSize + 1));
    for (const length of [documentFrameSize, large.length - 1, large.length - 9, large.length - 20, large.length - 33, large.length >> 1]) {
      await expect(decode(large.subarray(0, length))).rejects.toMatchObject(damaged);
    }
  });

  unlessBare('is damaged by anything behind it', async () => {
    const bytes = await encode(Buffer.from('content'));
    for (const more of [Buffer.from([0]), randomBytes(50), bytes]) {
      await expect(decode(Buffer.concat([bytes, more]))).rejects.toMatchObject(damaged);
    }
  });

  unlessBare('never gives wrong bytes, whatever bit is flipped', async () => {
    // The same each time: how many bits mean nothing depends on the content.
    const content = Buffer.concat([Buffer.from('{"path":"a"}\n'.repeat(20)), Buffer.from(Array.from({ length: 40 }, (_, index) => (index * 73 + 41) & 255))]);
    const bytes = await encode(content);
    let unnoticed = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const result = await decode(flipped).catch((error: unknown) => error);
      if (result instanceof Uint8Array) {
        unnoticed++;
        expect(content.equals(result)).toBe(true);
      } else expect(result).toMatchObject({ code: expect.stringMatching(/^(OBJECT_DAMAGED|KEY_WRONG)$/) });
    }
    // Bits that mean nothing: unused ones of zstd and its seek table, padding of a bit stream.
    expect(unnoticed).toBeLessThan(sealed ? 1 : 32);
  });
});

describe('a zstd document', () => {
  it('has its frames of 1 MiB in a seek table', async () => {
    const bytes = await encodeWhole(Buffer.alloc(2 * documentFrameSize + 5), 'zstd', false, 700_001);
    const { frames } = decodeSeekTable(bytes)!;
    expect(frames.map(({ decoded }) => decoded)).toEqual([documentFrameSize, documentFrameSize, 5]);
  });

  it('is damaged if frames are missing, exchanged or larger than its table says', async () => {
    const [one, two, large] = await Promise.all(['first', 'other', 'x'.repeat(documentFrameSize + 1)].map((text) => encodeFrame('zstd', 3, Buffer.from(text))));
    const table = encodeSeekTable([one!, two!].map(({ length }) => ({ stored: length, decoded: 5 })));
    const whole = Buffer.concat([one!, two!, table]);
    expect((await decodeWhole(whole, 'zstd', false)).toString()).toBe('firstother');
    const wrong = [
      Buffer.concat([one!, table]),
      Buffer.concat([one!, two!, two!, table]),
      Buffer.concat([one!, two!]),
      Buffer.concat([large!, encodeSeekTable([{ stored: large!.length, decoded: documentFrameSize + 1 }])]),
      Buffer.concat([large!, encodeSeekTable([{ stored: large!.length, decoded: 10 }])]),
    ];
    for (const bytes of wrong) await expect(decodeWhole(bytes, 'zstd', false)).rejects.toMatchObject(damaged);
  });
});

describe('a gzip document', () => {
  it('is damaged if it goes on behind its end', async () => {
    const bytes = await encodeWhole(Buffer.from('content'), 'gzip', false);
    const again = await encodeFrame('gzip', 6, Buffer.from('more'));
    await expect(decodeWhole(Buffer.concat([bytes, again]), 'gzip', false)).rejects.toMatchObject(damaged);
    await expect(decodeWhole(again, 'gzip', false)).rejects.toMatchObject(damaged);
  });

  it('is damaged by a member that unpacks to more than a frame', async () => {
    const bomb = await encodeFrame('gzip', 6, Buffer.alloc(documentFrameSize + 1));
    const end = await encodeFrame('gzip', 6, new Uint8Array(0));
    await expect(decodeWhole(Buffer.concat([bomb, end]), 'gzip', false)).rejects.toMatchObject(damaged);
  });

  it('of many windows comes back', async () => {
    const content = Buffer.concat([randomBytes(10 * documentFrameSize), Buffer.alloc(2 * documentFrameSize), randomBytes(documentFrameSize + 7)]);
    expect(content.equals(await decodeWhole(await encodeWhole(content, 'gzip', true), 'gzip', true))).toBe(true);
  });
});

it.each([['zstd', true], ['zstd', false], ['gzip', true], ['gzip', false]] as const)('of %s, sealed: %s, comes back although it came damaged', async (codec, sealed) => {
  const content = Buffer.concat([randomBytes(documentFrameSize), Buffer.from('the end')]);
  const bytes = await encodeWhole(content, codec, sealed);
  for (const share of [0, 0.5, 0.999]) {
    const damagedOnTheWay = Buffer.from(bytes);
    damagedOnTheWay[Math.floor(bytes.length * share)]! ^= 1;
    const decoding = decodeDocument(damagedOnTheWay, codec, sealed, keys, 'manifest', async (offset, length) => bytes.subarray(offset, offset + length));
    expect(content.equals(Buffer.concat(await Array.fromAsync(decoding))), String(share)).toBe(true);
  }
});

it('needs the key', async () => {
  const bytes = await encodeWhole(Buffer.from('x'), 'zstd', true);
  await expect(Array.fromAsync(decodeDocument(bytes, 'zstd', true, openKeyRing([]), 'manifest'))).rejects.toMatchObject({ code: 'KEY_MISSING' });
});

async function encodeWhole(content: Uint8Array, codec: Codec, sealed: boolean, pieceSize = 1 << 16): Promise<Buffer> {
  async function* pieces() {
    for (let at = 0; at < content.length; at += pieceSize) yield content.subarray(at, at + pieceSize);
  }
  const options = { codec, level: defaultLevel[codec], newSealer: sealed ? newSealer : null };
  return Buffer.concat(await Array.fromAsync(encodeDocument(pieces(), options)));
}

async function decodeWhole(bytes: Uint8Array, codec: Codec, sealed: boolean): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(decodeDocument(bytes, codec, sealed, keys, 'manifest')));
}
