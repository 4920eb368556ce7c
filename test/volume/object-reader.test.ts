import { createHash, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSealerFactory, generateIdentity, type KeyRing, openKeyRing, type Sealer } from '../../src/volume/age.ts';
import { type Codec, defaultLevel, type Frame } from '../../src/volume/frames.ts';
import { encodeFrame } from './encode-frame.ts';
import { type Fetch, type ObjectLayout, ObjectReader } from '../../src/volume/object-reader.ts';
import { encodeSeekTable } from '../../src/volume/seek-table.ts';

const MiB = 1024 * 1024;
const chunk = 65_536;
const codecs: Codec[] = ['zstd', 'gzip', 'none'];
const cases = codecs.flatMap((codec) => [
  { codec, sealed: false },
  { codec, sealed: true },
]);

interface Stored {
  layout: ObjectLayout;
  bytes: Buffer;
  content: Buffer;
}

let keys: KeyRing;
let newSealer: () => Promise<Sealer>;

beforeAll(async () => {
  const { identity, recipient } = await generateIdentity('x25519');
  keys = openKeyRing([identity]);
  newSealer = await createSealerFactory([recipient]);
});

describe.each(cases)('an object with codec $codec, sealed: $sealed', ({ codec, sealed }) => {
  it('gives any range of what went in, and fetches little more than that', async () => {
    // Larger and smaller frames than age chunks, some of them incompressible, and enough for more than one fetch.
    const sizes = [10, 200_000, 65_536, 1, 3 * MiB, 4 * MiB, 4 * MiB, 2 * MiB, 65_000, 70_000, 500];
    const object = await store(sizes.map((size, index) => (index % 3 === 1 ? Buffer.alloc(size, 'text ') : randomBytes(size))), codec, sealed);
    const borders = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0));
    const point = fc.oneof(
      fc.nat(object.content.length),
      fc.tuple(fc.constantFrom(0, ...borders), fc.integer({ min: -2, max: 2 })).map(([border, more]) => Math.min(Math.max(0, border + more), object.content.length)),
    );
    await fc.assert(
      fc.asyncProperty(point, point, async (one, other) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other)];
        const { fetch, calls } = counting(object.bytes);
        const reader = await ObjectReader.open(object.layout, fetch, keys);
        const pieces: Uint8Array[] = [];
        for await (const piece of reader.read(start, end - start)) pieces.push(piece);
        expect(object.content.subarray(start, end).equals(Buffer.concat(pieces))).toBe(true);
        expect(pieces.every(({ length }) => length > 0 && length <= (codec === 'none' ? MiB : 4 * MiB))).toBe(true);

        const needed = end === start ? 0 : storedFor(object, start, end);
        const reads = sealed ? calls.slice(1) : calls;
        expect([...reader.fetches(start, end - start)].map(({ length }) => length), 'what it says that it will fetch').toEqual(reads);
        const copies = async (offset: number, length: number): Promise<Uint8Array> => Uint8Array.from(object.bytes.subarray(offset, offset + length));
        const owner = await ObjectReader.open(object.layout, copies, keys, { ownsFetched: true });
        const hash = createHash('sha256');
        for await (const piece of owner.read(start, end - start)) hash.update(piece);
        expect(hash.digest('hex')).toBe(createHash('sha256').update(object.content.subarray(start, end)).digest('hex'));
        expect(reads.length).toBeLessThanOrEqual(Math.ceil((end - start) / (4 * MiB)) + 1);
        expect(total(reads)).toBeLessThanOrEqual(sealed ? (needed * 65_552) / chunk + reads.length * 2 * 65_552 : needed);
        if (sealed) expect(calls[0]).toBeLessThanOrEqual(4096);
        for (const length of calls) expect(length).toBeLessThanOrEqual(8 * MiB + 4 * 65_552);
      }),
      { numRuns: 20 },
    );
  });

  it('can be empty', async () => {
    const object = await store([], codec, sealed);
    const reader = await ObjectReader.open(object.layout, counting(object.bytes).fetch, keys);
    expect(await readAll(reader, 0, 0)).toHaveLength(0);
  });

  it('does not read what it has not', async () => {
    const object = await store([randomBytes(100)], codec, sealed);
    const reader = await ObjectReader.open(object.layout, counting(object.bytes).fetch, keys);
    for (const [offset, length] of [[0, 101], [100, 1], [-1, 5], [5, -1]] as const) {
      await expect(readAll(reader, offset, length)).rejects.toThrow(RangeError);
    }
  });

  it('that is small comes with one fetch', async () => {
    const object = await store([randomBytes(1000)], codec, sealed);
    const { fetch, calls } = counting(object.bytes);
    await readAll(await ObjectReader.open(object.layout, fetch, keys), 0, 1000);
    expect(calls).toHaveLength(1);
  });

  it('is damaged, before anything is read, if its size is another', async () => {
    const object = await store([randomBytes(70_000), Buffer.alloc(70_000)], codec, sealed);
    const shorter = object.bytes.subarray(0, object.bytes.length - 1000);
    for (const layout of [{ ...object.layout, size: shorter.length }, { ...object.layout, decoded: object.layout.decoded + 1 }]) {
      const { fetch } = counting(layout.size === shorter.length ? shorter : object.bytes);
      await expect(ObjectReader.open(layout, fetch, keys)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', subject: 'volume 1' });
    }
  });

  it('is damaged if a target gives fewer bytes than asked for', async () => {
    const object = await store([randomBytes(70_000)], codec, sealed);
    const fetch: Fetch = async (offset, length) => object.bytes.subarray(offset, offset + length - 1);
    await expect(ObjectReader.open(object.layout, fetch, keys).then((reader) => readAll(reader, 0, 70_000))).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  });
});

describe('reading', () => {
  it('finds a flip where it reads, and only there', async () => {
    for (const { codec, sealed } of cases.filter(({ codec, sealed }) => sealed || codec !== 'none')) {
      const object = await store([randomBytes(2 * chunk), randomBytes(2 * chunk), randomBytes(2 * chunk)], codec, sealed);
      const flipped = Buffer.from(object.bytes);
      flipped[Math.floor(flipped.length * 0.6)]! ^= 4;
      const reader = await ObjectReader.open(object.layout, counting(flipped).fetch, keys);
      expect(object.content.subarray(0, 1000).equals(await readAll(reader, 0, 1000))).toBe(true);
      await expect(readAll(reader, 0, object.content.length)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', subject: 'volume 1' });
    }
  });

  it('fetches again what came damaged', async () => {
    for (const { codec, sealed } of cases.filter(({ codec, sealed }) => sealed || codec !== 'none')) {
      const object = await store([randomBytes(2 * chunk), randomBytes(2 * chunk)], codec, sealed);
      const { fetch, calls } = counting(object.bytes);
      let bad = 0;
      const unsteady: Fetch = async (offset, length) => {
        const bytes = Buffer.from(await fetch(offset, length));
        // Not behind the frames, where nobody looks.
        if (++bad % 2 === 1) bytes[Math.floor(length / 3)]! ^= 4;
        return bytes;
      };
      const reader = await ObjectReader.open(object.layout, unsteady, keys);
      expect(object.content.equals(await readAll(reader, 0, object.content.length)), `${codec}, sealed: ${sealed}`).toBe(true);
      expect(calls.length).toBeLessThan(8);
    }
  });

  it('can be stopped, and passes on what the fetch throws', async () => {
    const object = await store([randomBytes(100_000), randomBytes(100_000), Buffer.alloc(1)], 'zstd', true);
    const reader = await ObjectReader.open(object.layout, counting(object.bytes).fetch, keys);
    for await (const piece of reader.read(5, 150_000)) {
      expect(piece).toHaveLength(99_995);
      break;
    }
    const failing = await ObjectReader.open(
      object.layout,
      async (offset, length) => {
        if (offset > 0) throw new Error('the line dropped');
        return object.bytes.subarray(offset, offset + length);
      },
      keys,
    );
    await expect(readAll(failing, 0, 10)).rejects.toThrow('the line dropped');
  });

  it('fetches headers of any length, and no header that has no end', async () => {
    const people = await Promise.all(Array.from({ length: 8 }, () => generateIdentity('pq')));
    const object = await store([randomBytes(1000)], 'zstd', true, await createSealerFactory(people.map(({ recipient }) => recipient)));
    const { fetch, calls } = counting(object.bytes);
    const reader = await ObjectReader.open(object.layout, fetch, openKeyRing([people[7]!.identity]));
    expect(object.content.equals(await readAll(reader, 0, 1000))).toBe(true);
    expect(calls).toEqual([4096, object.bytes.length]);

    const endless = Buffer.concat([Buffer.from('age-encryption.org/v1\n'), Buffer.alloc(10_000, '-> X\n')]);
    await expect(readWhole({ ...object.layout, size: endless.length }, endless)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  });

  it('needs the key', async () => {
    const object = await store([randomBytes(1000)], 'zstd', true);
    const other = await generateIdentity('x25519');
    const { fetch } = counting(object.bytes);
    await expect(ObjectReader.open(object.layout, fetch, openKeyRing([]))).rejects.toMatchObject({ code: 'KEY_MISSING' });
    await expect(ObjectReader.open(object.layout, fetch, openKeyRing([other.identity]))).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });

  it('knows a sealed object that is empty from one that was cut to look so', async () => {
    const object = await store([], 'none', true);
    const cut = Buffer.from(object.bytes);
    cut[cut.length - 1]! ^= 1;
    await expect(readWhole(object.layout, cut)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  });
});

async function store(pieces: Buffer[], codec: Codec, sealed: boolean, sealerFactory = newSealer): Promise<Stored> {
  const encoded = await Promise.all(pieces.map((piece) => encodeFrame(codec, defaultLevel[codec], piece)));
  const frames: Frame[] = codec === 'none' ? [] : encoded.map((frame, index) => ({ decoded: pieces[index]!.length, stored: frame.length }));
  const plain = Buffer.concat([...encoded, codec === 'zstd' ? encodeSeekTable(frames) : Buffer.alloc(0)]);
  const content = Buffer.concat(pieces);
  let bytes = plain;
  if (sealed) {
    const sealer = await sealerFactory();
    bytes = Buffer.concat([sealer.header, ...sealer.update(plain), ...sealer.final()]);
  }
  return { layout: { name: 'volume 1', size: bytes.length, codec, sealed, frames, decoded: content.length }, bytes, content };
}

/** The stored bytes of the frames that hold a range. */
function storedFor({ layout }: Stored, start: number, end: number): number {
  if (layout.codec === 'none') return end - start;
  let at = 0;
  let stored = 0;
  for (const frame of layout.frames) {
    if (at < end && at + frame.decoded > start) stored += frame.stored;
    at += frame.decoded;
  }
  return stored;
}

function counting(bytes: Buffer): { fetch: Fetch; calls: number[] } {
  const calls: number[] = [];
  const fetch: Fetch = async (offset, length) => {
    expect(length).toBeGreaterThan(0);
    expect(offset + length).toBeLessThanOrEqual(bytes.length);
    calls.push(length);
    return bytes.subarray(offset, offset + length);
  };
  return { fetch, calls };
}

async function readWhole(layout: ObjectLayout, bytes: Buffer): Promise<Buffer> {
  const fetch: Fetch = async (offset, length) => bytes.subarray(offset, offset + length);
  return readAll(await ObjectReader.open(layout, fetch, keys), 0, layout.decoded);
}

async function readAll(reader: ObjectReader, offset: number, length: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(reader.read(offset, length)));
}

function total(lengths: number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}
