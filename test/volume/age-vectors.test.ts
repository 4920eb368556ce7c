/** The published age test vectors (npm cctv-age), through our readers. */
import { createHash, type Hash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import * as vectors from 'cctv-age';
import { describe, expect, it } from 'vitest';
import { HeaderTooShort, type KeyRing, openChunks, openHeader, openKeyRing } from '../../src/volume/age.ts';
import { openWithPassphrase } from '../../src/volume/age-passphrase.ts';

interface Vector {
  name: string;
  expect: string;
  payload: string | undefined;
  identities: string[];
  passphrases: string[];
  isArmored: boolean;
  file: Uint8Array;
}

const sealedChunk = 65_552;
const expectedCodes: Record<string, string[]> = {
  'header failure': ['OBJECT_DAMAGED'],
  'HMAC failure': ['OBJECT_DAMAGED'],
  'payload failure': ['OBJECT_DAMAGED'],
  'no match': ['KEY_WRONG'],
};

const all = Object.entries(vectors as unknown as Record<string, Uint8Array>).map(([name, bytes]) => readVector(name, Buffer.from(bytes)));
const binary = all.filter(({ isArmored }) => !isArmored);
const withKeys = binary.filter(({ passphrases }) => passphrases.length === 0);
const withPassphrases = binary.filter(({ passphrases }) => passphrases.length > 0);

it('all of them are here, and only the armored ones are left out', () => {
  expect([all.length, withKeys.length, withPassphrases.length]).toEqual([143, 85, 25]);
});

describe('with identities', () => {
  it.each(withKeys)('$name: $expect', async (vector) => {
    const keys = openKeyRing([vector.identities.join('\n')]);
    const whole = await openWhole(vector.file, keys).catch((error: unknown) => error);
    const released = createHash('sha256');
    const streamed = await openAsStream(vector.file, keys, released).catch((error: unknown) => error);
    if (vector.expect === 'success') {
      expect(createHash('sha256').update(whole as Uint8Array).digest('hex')).toBe(vector.payload);
      expect(streamed).toBeUndefined();
    } else {
      expect(codeOf(whole)).toBeOneOf(expectedCodes[vector.expect]!);
      expect(codeOf(streamed)).toBe(codeOf(whole));
    }
    if (vector.payload !== undefined) expect(released.digest('hex')).toBe(vector.payload);
  });
});

describe('with passphrases', () => {
  it.each(withPassphrases)('$name: $expect', async (vector) => {
    const results = await Promise.all(
      vector.passphrases.map((passphrase) => openWithPassphrase(vector.file, passphrase, vector.name).catch((error: unknown) => error)),
    );
    const opened = results.filter((result) => result instanceof Uint8Array);
    if (vector.expect === 'success') {
      expect(createHash('sha256').update(opened[0]!).digest('hex')).toBe(vector.payload);
    } else {
      expect(opened).toEqual([]);
      for (const result of results) expect(codeOf(result)).toBeOneOf(expectedCodes[vector.expect]!);
    }
  });
});

async function openWhole(file: Uint8Array, keys: KeyRing): Promise<Uint8Array> {
  const { payloadKey, payloadOffset } = await openHeader(file, keys, 'vector');
  return openChunks(payloadKey, 0, file.subarray(payloadOffset), true, 'vector');
}

/**
 * The vectors say what a reader of a pipe has given out when it meets the damage. Such a reader does not know the
 * length: it takes a full chunk for any, then for the last.
 */
async function openAsStream(file: Uint8Array, keys: KeyRing, released: Hash): Promise<void> {
  const { payloadKey, payloadOffset } = await openHeader(file, keys, 'vector');
  const payload = file.subarray(payloadOffset);
  for (let index = 0; ; index++) {
    const chunk = payload.subarray(index * sealedChunk, (index + 1) * sealedChunk);
    try {
      released.update(openChunks(payloadKey, index, chunk, false, 'vector'));
      if (chunk.length > 0) continue;
    } catch {
      // It may be the last.
    }
    released.update(openChunks(payloadKey, index, chunk, true, 'vector'));
    // Whatever is behind the last chunk cannot be another chunk.
    const behind = payload.subarray((index + 1) * sealedChunk);
    if (behind.length > 0) openChunks(payloadKey, index + 1, behind.subarray(0, 1), true, 'vector');
    return;
  }
}

function codeOf(error: unknown): string | undefined {
  // To a reader that has the whole object, a header without an end is a damaged one.
  return error instanceof HeaderTooShort ? 'OBJECT_DAMAGED' : (error as { code?: string } | undefined)?.code;
}

function readVector(name: string, bytes: Buffer): Vector {
  const end = bytes.indexOf('\n\n');
  const labels = bytes.toString('utf8', 0, end).split('\n').map((line) => line.split(': ') as [string, string]);
  const valuesOf = (label: string) => labels.filter(([key]) => key === label).map(([, value]) => value);
  const body = bytes.subarray(end + 2);
  return {
    name,
    expect: valuesOf('expect')[0]!,
    payload: valuesOf('payload')[0],
    identities: valuesOf('identity'),
    passphrases: valuesOf('passphrase'),
    isArmored: valuesOf('armored').length > 0,
    file: valuesOf('compressed').length > 0 ? inflateSync(body) : body,
  };
}
