import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Codec, codecSuffix, decodeFrame, defaultLevel, levelRange } from '../../src/volume/frames.ts';
import { encodeFrame } from './encode-frame.ts';
import { readZstdFrame } from '../../src/volume/zstd-frame.ts';
import { judged } from './judges/run.ts';

const codecs: Codec[] = ['zstd', 'gzip', 'none'];
const compressing = ['zstd', 'gzip'] as const;
const programs = { zstd: ['zstd', ['-dc']], gzip: ['gunzip', ['-c']] } as const;
const damaged = { code: 'OBJECT_DAMAGED', subject: 'volume 7' };

const content = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 0, max: 5000 })).map(([unit, count]) =>
    Buffer.alloc(unit.length * count, unit),
  ),
);

describe.each(codecs)('a %s frame', (codec) => {
  it('decodes to what went in', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.integer({ min: levelRange[codec][0], max: levelRange[codec][1] }), async (bytes, level) => {
        const frame = await encodeFrame(codec, level, bytes);
        const back = await decodeFrame(codec, frame, bytes.length, 'volume 7');
        expect(Buffer.from(back).equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is refused with one byte more or less than it should decode to', async () => {
    const bytes = randomBytes(5000);
    const frame = await encodeFrame(codec, defaultLevel[codec], bytes);
    for (const decoded of [0, 4999, 5001, 2 ** 40]) {
      await expect(decodeFrame(codec, frame, decoded, 'volume 7')).rejects.toMatchObject(damaged);
    }
  });
});

describe.each(compressing)('a %s frame', (codec) => {
  const [program, args] = programs[codec];
  const bytes = Buffer.concat([Buffer.from('one frame, several blocks '.repeat(40)), randomBytes(200)]);

  it('is what the program of its name reads, alone and joined', async () => {
    const frames = await Promise.all(['', 'two', 'x'.repeat(200_000)].map((text) => encodeFrame(codec, defaultLevel[codec], Buffer.from(text))));
    expect(judged(program, [...args], Buffer.concat(frames)).toString()).toBe(`two${'x'.repeat(200_000)}`);
  });

  it('is damaged by every truncation', async () => {
    const frame = await encodeFrame(codec, defaultLevel[codec], bytes);
    for (let length = 0; length < frame.length; length++) {
      await expect(decodeFrame(codec, frame.subarray(0, length), bytes.length, 'volume 7')).rejects.toMatchObject(damaged);
    }
  });

  it('is damaged by every flip of a bit, or still decodes to the same', async () => {
    const frame = await encodeFrame(codec, defaultLevel[codec], bytes);
    let harmless = 0;
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = Uint8Array.from(frame);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const result = await decodeFrame(codec, flipped, bytes.length, 'volume 7').catch((error: unknown) => error);
      if (result instanceof Uint8Array) {
        harmless++;
        expect(bytes.equals(result)).toBe(true);
      } else expect(result).toMatchObject(damaged);
    }
    // Bits without a meaning: the unused one of a zstd header, padding at the end of a bit stream.
    expect(harmless).toBeLessThan(8);
  });

  it('is not two frames, nor a frame and garbage', async () => {
    const frame = await encodeFrame(codec, defaultLevel[codec], bytes);
    const empty = await encodeFrame(codec, defaultLevel[codec], new Uint8Array());
    for (const more of [frame, empty, Buffer.from([0]), randomBytes(100)]) {
      const both = Buffer.concat([frame, more]);
      await expect(decodeFrame(codec, both, bytes.length, 'volume 7')).rejects.toMatchObject(damaged);
      await expect(decodeFrame(codec, both, bytes.length * 2, 'volume 7')).rejects.toMatchObject(damaged);
    }
  });

  it('may not unpack to more than it should', async () => {
    const bomb = await encodeFrame(codec, 1, Buffer.alloc(64 << 20));
    const before = process.memoryUsage.rss();
    await expect(decodeFrame(codec, bomb, 1000, 'volume 7')).rejects.toMatchObject(damaged);
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 << 20);
  });
});

describe('zstd frames', () => {
  it('carry a checksum and their size', async () => {
    for (const size of [0, 1, 255, 256, 65_536, 100_000, 3 << 20]) {
      for (const content of [Buffer.alloc(size), Buffer.alloc(size, 'abc'), randomBytes(size)]) {
        const frame = await encodeFrame('zstd', 3, content);
        expect(readZstdFrame(frame)).toEqual({ length: frame.length, contentSize: size, hasChecksum: true });
      }
    }
  });

  it('without a checksum are refused', async () => {
    const bytes = Buffer.from('no checksum');
    const frame = zlib.zstdCompressSync(bytes, { pledgedSrcSize: bytes.length });
    await expect(decodeFrame('zstd', frame, bytes.length, 'volume 7')).rejects.toMatchObject(damaged);
  });

  it('written by zstd itself are read', async () => {
    const bytes = randomBytes(300_000);
    const frame = judged('zstd', ['-c', '--check', '--stream-size=300000'], bytes);
    expect(bytes.equals(await decodeFrame('zstd', frame, bytes.length, 'volume 7'))).toBe(true);
  });
});

it('gzip frames are the same on every machine and at every level', async () => {
  for (const level of [1, 6, 9]) {
    const frame = await encodeFrame('gzip', level, Buffer.from('x'));
    expect(Buffer.from(frame).subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
  }
});

it('suffixes and levels', () => {
  expect(codecSuffix).toEqual({ zstd: '.zst', gzip: '.gz', none: '' });
  expect(defaultLevel).toEqual({ zstd: 3, gzip: 6, none: 0 });
  expect(levelRange).toMatchObject({ zstd: [1, 19], gzip: [1, 9] });
});
