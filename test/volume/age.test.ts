import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkRecipient,
  createSealerFactory,
  generateIdentity,
  HeaderTooShort,
  type KeyRing,
  openChunks,
  openHeader,
  openKeyRing,
  plainSize,
  recipientsOf,
  sealedSize,
} from '../../src/volume/age.ts';
import { judge, judged } from './judges/run.ts';

const kinds = ['x25519', 'pq'] as const;
const chunk = 65_536;
const noKeys = openKeyRing([]);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-age-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(kinds)('with a %s key', (kind) => {
  it('what is sealed in any pieces opens to the same, and has the size foretold', async () => {
    const { identity, recipient } = await generateIdentity(kind);
    const newSealer = await createSealerFactory([recipient]);
    const keys = openKeyRing([identity]);
    const whole = randomBytes(5 * chunk);
    const border = fc.tuple(fc.nat(4), fc.integer({ min: -18, max: 18 })).map(([chunks, more]) => Math.max(0, chunks * chunk + more));
    await fc.assert(
      fc.asyncProperty(border, fc.array(fc.oneof(border, fc.nat(1000))), async (size, cuts) => {
        const plain = whole.subarray(0, size);
        const at = [...new Set([0, ...cuts.filter((cut) => cut < size), size])].sort((a, b) => a - b);
        const sealer = await newSealer();
        const pieces = at.slice(1).flatMap((end, index) => sealer.update(plain.subarray(at[index], end)));
        const object = Buffer.concat([sealer.header, ...pieces, ...sealer.final()]);
        expect(object.length).toBe(sealedSize(size, sealer.header.length));
        expect(plainSize(object.length, sealer.header.length)).toBe(size);
        expect(plain.equals(await open(object, keys))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('its public half is found from its text', async () => {
    const { identity, recipient } = await generateIdentity(kind);
    expect(await recipientsOf(`# public key: ${recipient}\n\n${identity}\r\n`)).toEqual([recipient]);
    expect(() => checkRecipient(recipient)).not.toThrow();
  });
});

describe('an object', () => {
  let object: Buffer;
  let keys: KeyRing;
  const plain = randomBytes(100);

  beforeAll(async () => {
    const { identity, recipient } = await generateIdentity('x25519');
    keys = openKeyRing([identity]);
    object = await seal(plain, [recipient]);
  });

  it('has a new key and a new nonce each time', async () => {
    const { recipient } = await generateIdentity('x25519');
    const newSealer = await createSealerFactory([recipient]);
    const objects = await Promise.all(Array.from({ length: 20 }, () => newSealer()));
    for (const range of [[0, -16], [-16]]) {
      expect(new Set(objects.map(({ header }) => Buffer.from(header.slice(...range)).toString('latin1'))).size).toBe(20);
    }
  });

  it('opens to nothing when it is cut anywhere', async () => {
    for (let length = 0; length < object.length; length++) {
      const error = await open(object.subarray(0, length), keys).catch((error: unknown) => error);
      if (length < 184) expect(error).toBeInstanceOf(HeaderTooShort);
      else expect(error).toMatchObject({ code: 'OBJECT_DAMAGED' });
    }
  });

  it('opens to nothing with any bit flipped', async () => {
    const codes = new Map<string, number>();
    for (let bit = 0; bit < object.length * 8; bit++) {
      const flipped = Buffer.from(object);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const error = (await open(flipped, keys).catch((error: unknown) => error)) as { code?: string } & object;
      const code = error instanceof HeaderTooShort ? 'HeaderTooShort' : error.code!;
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()].sort()).toEqual(['HeaderTooShort', 'KEY_WRONG', 'OBJECT_DAMAGED']);
    // Every bit of the payload and its nonce, of the MAC and of the version line, at least.
    expect(codes.get('OBJECT_DAMAGED')).toBeGreaterThan((16 + 116 + 43 + 21) * 8);
    expect(codes.get('HeaderTooShort')).toBeLessThan(50);
  });

  it('opens to nothing when its chunks are left out, exchanged or repeated', async () => {
    const { identity, recipient } = await generateIdentity('x25519');
    const ring = openKeyRing([identity]);
    const sealer = await (await createSealerFactory([recipient]))();
    const payload = Buffer.concat([...sealer.update(randomBytes(3 * chunk)), ...sealer.final()]);
    const chunks = [0, 1, 2].map((index) => payload.subarray(index * 65_552, (index + 1) * 65_552));
    for (const order of [[0], [0, 1], [1, 2], [0, 2], [1, 0, 2], [0, 1, 2, 2], [0, 1, 1, 2]]) {
      const wrong = Buffer.concat([sealer.header, ...order.map((index) => chunks[index]!)]);
      await expect(open(wrong, ring)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    }
  });

  it('opens in parts, from any chunk', async () => {
    const { identity, recipient } = await generateIdentity('x25519');
    const content = randomBytes(3 * chunk + 5);
    const whole = await seal(content, [recipient]);
    const { payloadKey, payloadOffset } = await openHeader(whole.subarray(0, 500), openKeyRing([identity]), 'part');
    const payload = whole.subarray(payloadOffset);
    const stored = 65_552;
    expect(content.subarray(chunk, 3 * chunk).equals(openChunks(payloadKey, 1, payload.subarray(stored, 3 * stored), false, 'part'))).toBe(true);
    expect(content.subarray(3 * chunk).equals(openChunks(payloadKey, 3, payload.subarray(3 * stored), true, 'part'))).toBe(true);
    const damaged = { code: 'OBJECT_DAMAGED', subject: 'part' };
    const tries: (() => unknown)[] = [
      () => openChunks(payloadKey, 1, payload.subarray(0, stored), false, 'part'),
      () => openChunks(payloadKey, 0, payload.subarray(0, stored), true, 'part'),
      () => openChunks(payloadKey, 3, payload.subarray(3 * stored), false, 'part'),
      () => openChunks(payloadKey, 0, payload.subarray(0, stored - 1), false, 'part'),
      () => openChunks(payloadKey, 3, payload.subarray(3 * stored, 3 * stored + 15), true, 'part'),
      () => openChunks(payloadKey, 4, new Uint8Array(0), true, 'part'),
    ];
    for (const attempt of tries) expect(attempt).toThrow(expect.objectContaining(damaged));
  });

  it('needs a key, and the right one', async () => {
    const other = await generateIdentity('x25519');
    await expect(open(object, noKeys)).rejects.toMatchObject({ code: 'KEY_MISSING' });
    await expect(open(object, openKeyRing([other.identity]))).rejects.toMatchObject({ code: 'KEY_WRONG' });
    const quantum = await generateIdentity('pq');
    await expect(open(object, openKeyRing([quantum.identity]))).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });

  it('opens with any of its recipients, and a ring of many keys', async () => {
    const people = await Promise.all([1, 2, 3].map(() => generateIdentity('x25519')));
    const quantum = await generateIdentity('pq');
    const shared = await seal(plain, people.map(({ recipient }) => recipient));
    for (const { identity } of people) {
      expect(plain.equals(await open(shared, openKeyRing([`${quantum.identity}\n${identity}`])))).toBe(true);
    }
  });

  it('is no object if it does not begin as one', async () => {
    for (const text of ['x', 'age-encryption.org/v2\n', '-----BEGIN AGE ENCRYPTED FILE-----', `age-encryption.org/v1\n${'->'.repeat(600_000)}`]) {
      await expect(open(Buffer.from(text), keys)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    }
  });

  it('has only sizes that exist', () => {
    for (const size of [0, 15, 65_553, 65_552 + 16]) expect(() => plainSize(size + 200, 200)).toThrow(RangeError);
    expect(plainSize(216, 200)).toBe(0);
    expect(plainSize(65_552 + 17 + 200, 200)).toBe(chunk + 1);
  });
});

describe('the age program', () => {
  it('opens what we seal', async () => {
    const { identity, recipient } = await generateIdentity('x25519');
    const second = await generateIdentity('x25519');
    const key = join(folder, 'key.txt');
    writeFileSync(key, identity);
    for (const size of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 300_000]) {
      const plain = randomBytes(size);
      const object = await seal(plain, [second.recipient, recipient]);
      expect(judged('age', ['-d', '-i', key], object).equals(plain)).toBe(true);
    }
  });

  it('and we open what it seals, with the keys it makes', async () => {
    const identity = judge('age-keygen', []).stdout.toString();
    const [recipient] = await recipientsOf(identity);
    expect(identity).toContain(recipient);
    for (const size of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 300_000]) {
      const plain = randomBytes(size);
      const object = judged('age', ['-r', recipient!], plain);
      expect(plain.equals(await open(object, openKeyRing([identity])))).toBe(true);
    }
  });
});

describe('recipients', () => {
  const secret = 'AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33';

  it.each([
    ['', /begins with age1/],
    ['alice', /begins with age1/],
    ['age1abc', /no age recipient/],
    ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q', /no age recipient/],
    ['age1pq1qqqq', /no age recipient/],
    ['age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t', /plugin/],
    ['age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e', /plugin/],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIx', /SSH/],
  ])('%j is none', (text, message) => {
    expect(() => checkRecipient(text)).toThrow(expect.objectContaining({ code: 'PLAN_INVALID', message: expect.stringMatching(message), hint: expect.any(String) }));
  });

  it.each([secret, secret.toLowerCase(), ` "${secret}"`, 'AGE-SECRET-KEY-PQ-1XYZ', 'AGE-PLUGIN-YUBIKEY-1XYZ'])('a secret key is refused and not shown', async (text) => {
    for (const error of [catchError(() => checkRecipient(text)), await createSealerFactory([text]).catch((error: unknown) => error)]) {
      expect(error).toMatchObject({ code: 'PLAN_INVALID', message: expect.stringContaining('secret key') });
      expect(inspect(error, { depth: 9 }).toUpperCase()).not.toMatch(/GQ9778|1XYZ/);
    }
  });

  it('are not mixed with post-quantum ones, and are at least one', async () => {
    const [classic, quantum] = await Promise.all(kinds.map((kind) => generateIdentity(kind)));
    await expect(createSealerFactory([classic!.recipient, quantum!.recipient])).rejects.toMatchObject({ code: 'PLAN_INVALID' });
    await expect(createSealerFactory([])).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  });

  it('that look well but cannot be encrypted for are found at once', async () => {
    // The point zero, in bech32.
    const zero = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z';
    expect(() => checkRecipient(zero)).not.toThrow();
    await expect(createSealerFactory([zero])).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  });
});

describe('identity files', () => {
  it('have comments, blank lines and several keys', async () => {
    const people = await Promise.all(kinds.map((kind) => generateIdentity(kind)));
    const text = `# made today\r\n\r\n  ${people[0]!.identity}  \r\n#\n${people[1]!.identity}`;
    expect(await recipientsOf(text)).toEqual(people.map(({ recipient }) => recipient));
  });

  it.each([
    ['secret words', 1],
    ['# fine\n\nAGE-SECRET-KEY-1SECRETWORDS', 3],
    ['#\nage1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p secret words', 2],
    ['AGE-PLUGIN-SECRETWORDS', 1],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nsecret words', 1],
  ])('name the line that is wrong, and do not show it', (text, line) => {
    const error = catchError(() => openKeyRing(['', text]));
    expect(error).toMatchObject({ code: 'KEY_WRONG', message: expect.stringContaining(`Line ${line} `) });
    expect(inspect(error, { depth: 9 }).toLowerCase().replaceAll('secret-key', '')).not.toContain('secret');
  });

  it('stay hidden in a ring', async () => {
    const { identity } = await generateIdentity('x25519');
    const ring = openKeyRing([identity]);
    const shown = inspect(ring, { depth: 9, showHidden: true }) + JSON.stringify(ring) + String(ring);
    expect(shown).not.toContain(identity.slice(16, 30));
  });
});

async function seal(plain: Uint8Array, recipients: string[]): Promise<Buffer> {
  const sealer = await (await createSealerFactory(recipients))();
  return Buffer.concat([sealer.header, ...sealer.update(plain), ...sealer.final()]);
}

async function open(object: Uint8Array, keys: KeyRing): Promise<Uint8Array> {
  const { payloadKey, payloadOffset } = await openHeader(object, keys, 'object');
  return openChunks(payloadKey, 0, object.subarray(payloadOffset), true, 'object');
}

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

