import { scryptSync, createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateIdentity, unwrapIdentity, wrapIdentity } from '../../src/volume/age.ts';

const passphrase = 'correct horse battery staple';
let identity: string;
let wrapped: Uint8Array;

beforeAll(async () => {
  ({ identity } = await generateIdentity('pq'));
  wrapped = await wrapIdentity(`# of the nas\n${identity}\n`, passphrase);
});

describe('an identity in a passphrase', () => {
  it('comes back as it was', async () => {
    expect(await unwrapIdentity(wrapped, passphrase, 'keys/1.age')).toBe(`# of the nas\n${identity}\n`);
  });

  it('has the work factor of age itself', () => {
    expect(Buffer.from(wrapped).toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt [\w+/]{22} 18\n/);
  });

  it('stays shut for another passphrase', async () => {
    await expect(unwrapIdentity(wrapped, `${passphrase} `, 'keys/1.age')).rejects.toMatchObject({ code: 'KEY_WRONG', subject: 'keys/1.age' });
  });

  it('is damaged where it was cut or changed', async () => {
    // A header costs half a second to open: the cuts that need none, and a few that do.
    const headerLength = Buffer.from(wrapped).indexOf('\n', Buffer.from(wrapped).indexOf('\n--- ') + 1) + 1;
    for (let length = 0; length < headerLength + 16; length++) {
      await expect(unwrapIdentity(wrapped.subarray(0, length), passphrase, 'keys/1.age')).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    }
    const changed = Uint8Array.from(wrapped);
    changed[wrapped.length - 20]! ^= 1;
    for (const bytes of [wrapped.subarray(0, -1), changed]) {
      await expect(unwrapIdentity(bytes, passphrase, 'keys/1.age')).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    }
  });

  it('is refused above a work factor of 22, before any work', async () => {
    await expect(unwrapIdentity(withWorkFactor('23', 2), passphrase, 'keys/1.age')).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', message: expect.stringContaining('work factor of 23') });
    await expect(unwrapIdentity(withWorkFactor('99999999999999999999', 2), passphrase, 'keys/1.age')).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  });

  it('opens at other work factors below that', async () => {
    expect(await unwrapIdentity(withWorkFactor('10', 10), passphrase, 'keys/1.age')).toBe('secret');
  });

  it('is only made of an identity', async () => {
    await expect(wrapIdentity('no identity', passphrase)).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });
});

/** An age file made by hand, whose stanza claims a work factor. */
function withWorkFactor(claimed: string, actual: number): Uint8Array {
  const fileKey = Buffer.alloc(16, 1);
  const salt = Buffer.alloc(16, 2);
  const label = Buffer.from('age-encryption.org/v1/scrypt');
  const wrappingKey = scryptSync(passphrase, Buffer.concat([label, salt]), 32, { N: 2 ** actual, r: 8, p: 1 });
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replaceAll('=', '');
  const header = `age-encryption.org/v1\n-> scrypt ${base64(salt)} ${claimed}\n${base64(sealOnce(wrappingKey, Buffer.alloc(12), fileKey))}\n---`;
  const mac = createHmac('sha256', Buffer.from(hkdfSync('sha256', fileKey, '', 'header', 32))).update(header).digest();
  const nonce = Buffer.alloc(16, 3);
  const payloadKey = Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
  const lastNonce = Buffer.from('000000000000000000000001', 'hex');
  return Buffer.concat([Buffer.from(`${header} ${base64(mac)}\n`), nonce, sealOnce(payloadKey, lastNonce, Buffer.from('secret'))]);
}

function sealOnce(key: Buffer, nonce: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}
