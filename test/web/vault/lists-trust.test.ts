/** What the page makes of signatures: forged, put back, taken away, or not there. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ManifestHeader } from '../../../src/volume/manifest.ts';
import { signerId } from '../../../src/volume/signature.ts';
import { signedListName, type SignedList } from '../../../src/volume/signed-list.ts';
import { encodeSignedList } from '../../../src/volume/signed-list-writing.ts';
import { newSigningKey, openSigner } from '../../../src/volume/signing.ts';
import type { Contents } from '../../../web/backups/vault/backup-place.ts';
import { ListsTrust } from '../../../web/backups/vault/lists-trust.ts';

const [own, other] = [openSigner(newSigningKey())!, openSigner(newSigningKey())!];
const name = 'manifests/20260101-000000-aaaa-docs.jsonl';
const sha256 = createHash('sha256').update('its bytes').digest('hex');
const header = (given: Partial<ManifestHeader> = {}): ManifestHeader => ({ snapshot: 's', ...given }) as ManifestHeader;
const signed = (serial: number): ManifestHeader => header({ signer: own.publicKey, serial });
const isIt = async (hash: string): Promise<boolean> => hash === sha256;
const list = (serial: number, manifests: SignedList['manifests'], signer = own, succeeds: SignedList['succeeds'] = []): [string, Buffer] => [
  signedListName(signer.publicKey),
  encodeSignedList({ plan: 'p', store: 's', serial, time: '2026-01-01T00:00:00Z', succeeds, manifests }, signer),
];
const named = (serial: number | null): SignedList['manifests'][number] => ({ name, size: 9, sha256, serial });

function read(lists: readonly [string, Buffer][], manifests: readonly string[] = [name]): Promise<ListsTrust> {
  const objects = new Map(lists);
  const sized = (names: Iterable<string>): { name: string; size: number }[] => Array.from(names, (one) => ({ name: one, size: objects.get(one)?.length ?? 9 }));
  const contents: Contents = { target: { id: 't', type: 'file', location: '' }, away: [], manifests: sized(manifests), lists: sized(objects.keys()), keys: [] };
  return ListsTrust.read({ location: 'it', read: async (object) => objects.get(object)! }, contents);
}

test('a signature that holds is told by its signer, and one that does not is forged', async () => {
  const trust = await read([list(10, [named(7)])]);
  await trust.checkHeader(name, signed(7), null, isIt);
  trust.checkEnd(name, signed(7), true);
  expect([[...trust.signedBy], trust.doubts, trust.unsigned]).toEqual([[signerId(own.publicKey)], [], 0]);
  expect(() => trust.checkEnd(name, signed(7), false)).toThrow('its signature does not hold');
  expect(() => trust.checkEnd(name, signed(7), undefined)).toThrow('its signature does not hold');
});

test('an older one than the list names, or than the one that is laid over it saw, was put back', async () => {
  const trust = await read([list(10, [named(7)])]);
  await expect(trust.checkHeader(name, signed(6), null, isIt)).rejects.toMatchObject({ code: 'MANIFEST_ROLLED_BACK' });
  const above = header({ signer: own.publicKey, serial: 9, baseSerial: 8 });
  await expect(trust.checkHeader(name, signed(7), above, isIt)).rejects.toMatchObject({ code: 'MANIFEST_ROLLED_BACK' });
});

test('one without a signature counts where nothing is signed, or where a list vouches for its very bytes', async () => {
  const unsigned = await read([]);
  await unsigned.checkHeader(name, header(), null, isIt);
  expect([unsigned.unsigned, unsigned.signedBy.size]).toEqual([1, 0]);
  await (await read([list(10, [named(null)])])).checkHeader(name, header(), null, isIt);
  await expect((await read([list(10, [named(null)])])).checkHeader(name, header(), null, async () => false)).rejects.toMatchObject({ code: 'MANIFEST_FORGED' });
  await expect((await read([list(10, [])])).checkHeader(name, header(), null, isIt)).rejects.toMatchObject({ code: 'MANIFEST_FORGED' });
  await expect(unsigned.checkHeader(name, header(), header({ signer: own.publicKey, serial: 9, baseSerial: 8 }), isIt)).rejects.toMatchObject({ code: 'MANIFEST_FORGED' });
});

test('what a list names and what is not there is told, unless a successor answers for it', async () => {
  expect((await read([list(10, [named(7)])], [])).doubts).toEqual([`A snapshot is gone that ${signerId(own.publicKey)} has on the signed list of 2026-01-01T00:00:00Z: somebody else removed it.`]);
  expect((await read([list(10, [named(7)]), list(20, [], other, [{ signer: own.publicKey, serial: 10 }])], [])).doubts).toEqual([]);
  expect((await read([list(11, [named(7)]), list(20, [], other, [{ signer: own.publicKey, serial: 10 }])], [])).doubts).toHaveLength(1);
});

test('a list that is forged or damaged is told, and counts for nothing', async () => {
  const [listName, bytes] = list(10, [named(7)]);
  const forged = Buffer.from(bytes.toString().replace('"serial":7', '"serial":3'));
  const trust = await read([[listName, forged]]);
  expect(trust.doubts).toEqual([`${listName} is forged: its signature does not hold.`]);
  await trust.checkHeader(name, signed(1), null, isIt);
  expect((await read([[listName, bytes.subarray(9)]])).doubts).toEqual([`${listName} is damaged.`]);
});
