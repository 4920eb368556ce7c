import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from './encode-frame.ts';
import { decodeSeekTable, encodeSeekTable, seekTableLength } from '../../src/volume/seek-table.ts';
import { judged } from './judges/run.ts';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const tables = fc.array(fc.record({ decoded: uint32, stored: uint32 }), { maxLength: 50 });

describe('the seek table', () => {
  it('is read back from the end of a file', () => {
    fc.assert(
      fc.property(tables, fc.uint8Array({ maxLength: 40 }), (frames, before) => {
        const table = encodeSeekTable(frames);
        expect(seekTableLength(table.subarray(table.length - 9))).toBe(table.length);
        expect(decodeSeekTable(Buffer.concat([before, table]))).toEqual({ frames, length: table.length });
      }),
    );
  });

  it('has the bytes of the published format', () => {
    const table = encodeSeekTable([
      { stored: 0x11, decoded: 0x2222 },
      { stored: 0x01020304, decoded: 5 },
    ]);
    expect(Buffer.from(table).toString('hex')).toBe(
      ['5e2a4d18', '19000000', '11000000', '22220000', '04030201', '05000000', '02000000', '00', 'b1ea928f'].join(''),
    );
  });

  it('is read with checksums too', () => {
    const hex = ['5e2a4d18', '15000000', '11000000', '22220000', 'deadbeef', '01000000', '80', 'b1ea928f'].join('');
    expect(decodeSeekTable(Buffer.from(hex, 'hex'))).toEqual({ frames: [{ stored: 0x11, decoded: 0x2222 }], length: 29 });
  });

  it('is null when cut short, and when it contradicts itself', () => {
    const table = encodeSeekTable([{ stored: 10, decoded: 20 }]);
    for (let cut = 1; cut <= table.length; cut++) {
      expect(decodeSeekTable(table.subarray(cut))).toBeNull();
      expect(decodeSeekTable(table.subarray(0, -cut))).toBeNull();
    }
    for (const at of [0, 4, table.length - 9, table.length - 1]) {
      const wrong = Uint8Array.from(table);
      wrong[at]! ^= 1;
      expect(decodeSeekTable(wrong)).toBeNull();
    }
    const reserved = Uint8Array.from(table);
    reserved[table.length - 5]! |= 0x40;
    expect(decodeSeekTable(reserved)).toBeNull();
    expect(seekTableLength(new Uint8Array(8))).toBeNull();
  });

  it('refuses what its fields cannot hold', () => {
    expect(() => encodeSeekTable([{ stored: 2 ** 32, decoded: 1 }])).toThrow(RangeError);
    expect(() => encodeSeekTable([{ stored: 1, decoded: 2 ** 32 }])).toThrow(RangeError);
  });

  it('is passed over by zstd', async () => {
    const frame = await encodeFrame('zstd', 3, Buffer.from('content'));
    const file = Buffer.concat([frame, encodeSeekTable([{ stored: frame.length, decoded: 7 }])]);
    expect(judged('zstd', ['-dc'], file).toString()).toBe('content');
    expect(judged('zstd', ['-dc'], encodeSeekTable([])).toString()).toBe('');
  });
});

// The reference reader is built by judges/build-seekable.sh; the test says so where it is left out.
const referenceReader = process.env['BAT_SEEKABLE_JUDGE'];

describe.skipIf(!referenceReader)(`the reference reader of the format (BAT_SEEKABLE_JUDGE, see judges/build-seekable.sh)`, () => {
  it('reads any range of our files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bat-seekable-'));
    try {
      const pieces = [randomBytes(70_000), Buffer.alloc(1 << 20, 'compressible '), randomBytes(1), Buffer.alloc(3000)];
      const whole = Buffer.concat(pieces);
      const frames = await Promise.all(pieces.map((piece) => encodeFrame('zstd', 3, piece)));
      const table = encodeSeekTable(frames.map((frame, index) => ({ stored: frame.length, decoded: pieces[index]!.length })));
      const file = join(folder, 'file.zst');
      writeFileSync(file, Buffer.concat([...frames, table]));
      for (const [start, end] of [[0, whole.length], [0, 1], [69_999, 70_001], [70_000, 1_118_577], [whole.length - 3001, whole.length]] as const) {
        expect(judged(referenceReader!, [file, String(start), String(end)]).equals(whole.subarray(start, end))).toBe(true);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
