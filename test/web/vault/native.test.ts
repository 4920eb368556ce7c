/** What stands in for Node's own in a browser gives the same, of whatever bytes. */
import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash, generateKeyPairSync, hkdfSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateIdentity, openHeader, openKeyRing } from '../../../src/volume/age.ts';
import { chunkNonce } from '../../../src/volume/age-payload.ts';
import { gzipHeader } from '../../../src/volume/frames.ts';
import * as nodeCodecs from '../../../src/volume/native/codecs.ts';
import * as nodeCrypto from '../../../src/volume/native/crypto.ts';
import * as codecs from '../../../web/backups/native/codecs.ts';
import * as crypto from '../../../web/backups/native/crypto.ts';
import { checksumOf } from '../../../web/backups/native/xxhash64.ts';

const content = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 5000 })).map(([bytes, times]) => new Uint8Array(Buffer.concat(Array.from({ length: times }, () => bytes)))),
);
const zstd = (bytes: Uint8Array, level: number): Buffer => zlib.zstdCompressSync(bytes, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1, [zlib.constants.ZSTD_c_compressionLevel]: level } });
const equal = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

test('a zstd frame decodes to what went in; one that was changed anywhere never decodes to something else', async () => {
  await fc.assert(
    fc.asyncProperty(content, fc.constantFrom(1, 3, 19), fc.nat(), async (bytes, level, at) => {
      const frame = zstd(bytes, level);
      expect(equal(await codecs.decompressZstd(frame, bytes.length), bytes)).toBe(true);
      expect(checksumOf(bytes)).toBe(frame.readUInt32LE(frame.length - 4));
      frame[at % frame.length]! ^= 1 << (at % 8);
      const changed = await codecs.decompressZstd(frame, bytes.length).catch(() => bytes);
      expect(equal(changed, bytes)).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('a gzip member is read to its end, whatever comes behind it, as Node does', async () => {
  const member = (bytes: Uint8Array): Buffer => Buffer.concat([gzipHeader, zlib.gzipSync(bytes).subarray(gzipHeader.length)]);
  await fc.assert(
    fc.asyncProperty(content, content, async (first, second) => {
      const bytes = Buffer.concat([member(first), member(second)]).subarray(gzipHeader.length);
      const read = await codecs.inflateRaw(bytes, first.length);
      const expected = await nodeCodecs.inflateRaw(bytes, first.length);
      expect([equal(read.content, first), read.consumed]).toEqual([true, expected.consumed]);
      if (first.length > 0) await expect(codecs.inflateRaw(bytes, first.length - 1)).rejects.toThrow();
      await expect(codecs.inflateRaw(bytes.subarray(0, expected.consumed - 1), first.length)).rejects.toThrow();
      expect(codecs.crc32(first)).toBe(nodeCodecs.crc32(first));
    }),
    { numRuns: 100 },
  );
  // The header of a next member in the middle of one that is stored as it is.
  const tricky = Buffer.concat([randomBytes(300), gzipHeader, randomBytes(300)]);
  const stored = Buffer.concat([gzipHeader, zlib.gzipSync(tricky, { level: 0 }).subarray(gzipHeader.length)]);
  expect(equal((await codecs.inflateRaw(Buffer.concat([stored, stored]).subarray(gzipHeader.length), tricky.length)).content, tricky)).toBe(true);
});

test('hashes, keys, pieces and signatures are those of Node', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(5000), (bytes, cut) => {
      const expected = createHash('sha256').update(bytes).digest();
      expect(equal(crypto.sha256(bytes), expected)).toBe(true);
      const hash = crypto.newSha256();
      hash.update(bytes.subarray(0, cut));
      hash.update(bytes.subarray(cut));
      expect(equal(hash.digest(), expected)).toBe(true);
      const key = createHash('sha256').update('key').update(bytes).digest();
      expect(equal(crypto.hkdfSha256(key, bytes, 'payload', 32), new Uint8Array(hkdfSync('sha256', key, bytes, 'payload', 32)))).toBe(true);
      const cipher = createCipheriv('chacha20-poly1305', key, chunkNonce(7, true), { authTagLength: 16 });
      const sealed = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
      const plain = new Uint8Array(bytes.length);
      expect([crypto.openSealed(crypto.cipherKey(key), chunkNonce(7, true), sealed, plain), equal(plain, bytes)]).toEqual([true, true]);
      sealed[cut % sealed.length]! ^= 4;
      expect(crypto.openSealed(crypto.cipherKey(key), chunkNonce(7, true), sealed, plain)).toBe(false);
    }),
    { numRuns: 60 },
  );
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'));
  const message = randomBytes(100);
  const signature = sign(null, message, privateKey);
  for (const native of [crypto, nodeCrypto]) {
    expect(native.isEd25519(raw, message, signature)).toBe(true);
    expect(native.isEd25519(raw, message.subarray(1), signature)).toBe(false);
    expect(native.isEd25519(raw, message, signature.subarray(1))).toBe(false);
    expect(native.isEd25519(raw.subarray(1), message, signature)).toBe(false);
  }
  for (const text of ['', 'AAEC/+8=', 'AAEC/+8', 'QQ==']) expect(equal(crypto.decodeBase64(text), nodeCrypto.decodeBase64(text)), text).toBe(true);
});

test('a passphrase gives the same key, and one that would take gigabytes is refused in words', async () => {
  const salt = randomBytes(44);
  expect(equal(await crypto.scrypt('secret', salt, 12), await nodeCrypto.scrypt('secret', salt, 12))).toBe(true);
  expect(() => crypto.scrypt('secret', salt, 22)).toThrow('takes 4 GiB of memory to open');
});

test('what the age program has sealed is opened, piece by piece', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bat-native-'));
  try {
    const { identity, recipient } = await generateIdentity('x25519');
    const bytes = randomBytes(200_000);
    writeFileSync(join(folder, 'plain'), bytes);
    const sealed = execFileSync('age', ['-r', recipient, join(folder, 'plain')], { maxBuffer: 2 ** 20 });
    const { payloadKey, payloadOffset } = await openHeader(sealed, openKeyRing([identity]), 'it');
    const pieces: Uint8Array[] = [];
    for (let at = payloadOffset, index = 0; at < sealed.length; at += 65_552, index++) {
      const piece = sealed.subarray(at, at + 65_552);
      const plain = new Uint8Array(piece.length - 16);
      expect(crypto.openSealed(payloadKey, chunkNonce(index, at + 65_552 >= sealed.length), piece, plain)).toBe(true);
      pieces.push(plain);
    }
    expect(equal(Buffer.concat(pieces), bytes)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
