/** Objects larger than the account allows: the limit is asked, the parts lie as the format says, and few calls are counted ones. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { bytesOf } from '../../src/targets/conformance/data.ts';
import type { Target } from '../../src/targets/target.ts';
import type { CloudinarySettings } from '../servers/cloudinary-server.ts';
import { Refusal } from '../servers/cloudinary-server.ts';
import type { CloudinaryAccount } from './cloudinary-store.ts';
import { cloudinaryAccount } from './cloudinary-store.ts';

const hot = { temperature: 'hot' } as const;
const name = 'volumes/20260101-000000-abcd-00001.tar.zst.age';
let account: CloudinaryAccount;
afterEach(() => account.server.close());

async function connected(settings: Partial<CloudinarySettings> = {}, options: Record<string, unknown> = {}): Promise<Target> {
  account = await cloudinaryAccount(settings);
  const target = account.target(options);
  await target.connect({ create: true });
  return target;
}

async function send(target: Target, name: string, bytes: Uint8Array, partSize = target.capabilities.partSize): Promise<void> {
  const upload = await target.open(name, { ...hot, partSize });
  for (let at = 0; at < bytes.length; at += partSize) await upload.write(at / partSize, bytes.subarray(at, at + partSize));
  await upload.finish(bytes.length);
}

const stored = (id: string): Buffer => account.server.assets.get('private', `backups/nas/${id}`)!.bytes;
const ids = (): string[] => account.server.everything().sort().map((id) => id.replace('backups/nas/', ''));

describe('the limit', () => {
  it.each([[10 * 2 ** 20, {}, 10 * 2 ** 20], [50_000_000, {}, 20_000_000], [50_000_000, { 'part-size': '40MB' }, 40_000_000], [10_000, { 'part-size': '40MB' }, 10_000]])('of %i bytes, with %j, makes assets of %i', async (rawLimit, options, expected) => {
    const target = await connected({ rawLimit }, options);
    expect(target.capabilities.partSize).toBe(expected);
    await target.connect({ create: false });
    expect(account.server.counts.usage).toBe(1);
  });
});

describe('an object in parts', () => {
  it('is joined by cat in the order of the names, and its list says so', async () => {
    const target = await connected({ rawLimit: 1000 });
    const bytes = bytesOf(4321);
    await send(target, name, bytes, 2500);
    const parts = ids().filter((id) => /\.\d{3}$/.test(id));
    expect(parts).toEqual([0, 1, 2, 3, 4].map((number) => `${name}.00${number}`));
    expect(Buffer.concat(parts.map(stored)).equals(bytes)).toBe(true);
    expect(ids().filter((id) => !parts.includes(id))).toEqual([`${name}.parts.json`]);
    const list = JSON.parse(stored(`${name}.parts.json`).toString()) as { object: string; size: number; parts: { name: string; size: number; md5: string }[] };
    expect(list).toMatchObject({ object: name.slice('volumes/'.length), size: 4321 });
    for (const part of list.parts) expect(part).toEqual({ name: part.name, size: stored(`volumes/${part.name}`).length, md5: createHash('md5').update(stored(`volumes/${part.name}`)).digest('hex') });
  });

  it('is damaged where a part or the list is', async () => {
    const target = await connected({ rawLimit: 1000 });
    await send(target, name, bytesOf(3000));
    account.server.assets.remove('private', `backups/nas/${name}.001`);
    await expect(target.read(name, 1500, 10)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED', transient: false });
    expect((await target.read(name, 0, 10)).length).toBe(10);
    for (const text of ['{', '{"size":1,"parts":[{"name":"../other.000","size":1,"md5":""}]}', '{"size":5,"parts":[]}', '{"size":0,"parts":[null]}']) {
      account.server.assets.put('private', `backups/nas/${name}.parts.json`, Buffer.from(text));
      await expect(account.target().stat(name), text).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    }
    await target.remove(name);
    expect(await target.stat(name)).toBeNull();
  });

  it.each([1000, 1500, 2500])('of two parts is not one of %i bytes', async (size) => {
    const target = await connected({ rawLimit: 1000 });
    const upload = await target.open(name, { ...hot, partSize: 1000 });
    for (const index of [0, 1]) await upload.write(index, bytesOf(1000));
    await expect(upload.finish(size)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false });
    expect(await target.stat(name)).toBeNull();
  });

  it('has at most a thousand parts', async () => {
    const target = await connected({ rawLimit: 1000 });
    const upload = await target.open(name, { ...hot, partSize: 1000 });
    await expect(upload.write(1000, new Uint8Array(1))).rejects.toMatchObject({ code: 'TARGET_FULL', transient: false, hint: expect.stringMatching(/volume/) });
    await upload.abort();
  });

  it('is one that Cloudinary would refuse by its ending, or as empty', async () => {
    const target = await connected();
    for (const object of ['files/setup.exe', 'files/all.zip']) await target.put(object, bytesOf(10), hot);
    await target.put('empty.txt', new Uint8Array(0), hot);
    await target.put('plain.txt', bytesOf(10), hot);
    expect(ids()).toEqual(['empty.txt.parts.json', 'files/all.zip.000', 'files/all.zip.parts.json', 'files/setup.exe.000', 'files/setup.exe.parts.json', 'plain.txt']);
  });

  it('is replaced by one asset, and the other way round, without a trace', async () => {
    const target = await connected({ rawLimit: 1000 });
    for (const size of [500, 2500, 3500, 10]) {
      await send(target, 'keys/a.age', bytesOf(size));
      expect(await target.stat('keys/a.age')).toEqual({ name: 'keys/a.age', size });
      await target.put('keys/a.age', bytesOf(600), hot);
      expect(ids()).toEqual(['keys/a.age']);
    }
  });
});

describe('an asset above 20 MB', () => {
  it('goes in chunks, and begins anew when one of them fails', async () => {
    const target = await connected({ rawLimit: 60_000_000 }, { 'part-size': '50MB' });
    let chunks = 0;
    account.server.settings.before = (kind) => {
      if (kind === 'chunk' && ++chunks === 2) throw new Refusal(500, 'Something went wrong');
    };
    const upload = await target.open(name, { ...hot, partSize: 50_000_000 });
    const bytes = bytesOf(45_000_000);
    await expect(upload.write(0, bytes)).rejects.toMatchObject({ transient: true });
    await upload.write(0, bytes);
    await upload.finish(bytes.length);
    expect(chunks).toBe(2 + 3);
    expect(stored(`${name}.000`).equals(bytes)).toBe(true);
  });
});

describe('names', () => {
  it('are taken where Cloudinary takes all that is made of them', async () => {
    const target = await connected();
    const long = 255 - 'backups/nas/'.length - '.again-abcdef.000'.length;
    const split = (length: number): string => `${'a'.repeat(100)}/${'b'.repeat(length - 101)}`;
    for (const taken of ['photos/v1x/a.jpg', 'a.00', 'a.exe', split(long)]) expect(target.acceptsName(taken), taken).toBe(true);
    for (const refused of ['v1/a', 'a/v22', 'a.000', 'a.1234', 'a.parts.json', 'bat-uploads/a.json', 'a b', 'ü', 'a+b', 'end.', split(long + 1)]) expect(target.acceptsName(refused), refused).toBe(false);
  });
});

describe('calls', () => {
  it('are counted ones only for the limit and for the sweep, and nothing that was stored is looked for in listings', async () => {
    const target = await connected({ listingDelay: 1e9, rawLimit: 100_000 });
    await target.sweep();
    await target.put('bat.json', bytesOf(100), hot);
    for (const number of [1, 2, 3]) await send(target, `volumes/${number}.tar.age`, bytesOf(350_000));
    const second = account.target();
    expect(await second.stat('volumes/2.tar.age')).toEqual({ name: 'volumes/2.tar.age', size: 350_000 });
    expect(Buffer.from(await second.read('volumes/3.tar.age', 99_990, 20)).equals(bytesOf(350_000).subarray(99_990, 100_010))).toBe(true);
    await second.remove('volumes/1.tar.age');
    expect(await second.stat('volumes/1.tar.age')).toBeNull();
    const { usage, list, admin } = account.server.counts;
    expect({ usage, list, admin }).toEqual({ usage: 1, list: 1, admin: 0 });
  });

  it('list what they must, in pages', async () => {
    const target = await connected();
    for (let number = 0; number < 501; number++) account.server.assets.put('private', `backups/nas/files/${number}`, Buffer.from('x'));
    expect(await Array.fromAsync(target.list(''))).toHaveLength(501);
    expect(account.server.counts.list).toBe(2);
  });

  it('fetch an asset once for many ranges where ranges are ignored', async () => {
    const target = await connected({ ignoresRanges: true });
    const bytes = bytesOf(3_000_000);
    await target.put('volumes/a.age', bytes, hot);
    for (let at = 0; at < bytes.length; at += 300_000) expect(Buffer.from(await target.read('volumes/a.age', at, 300_000)).equals(bytes.subarray(at, at + 300_000))).toBe(true);
    expect(account.server.counts.download).toBe(2);
    await target.put('volumes/a.age', bytesOf(3_000_000, 2), hot);
    expect(Buffer.from(await target.read('volumes/a.age', 0, 100)).equals(bytesOf(3_000_000, 2).subarray(0, 100))).toBe(true);
  });

  it('ask the pace before each slice of what they send and take', async () => {
    account = await cloudinaryAccount();
    const paced = { upload: 0, download: 0, most: 0 };
    const note = (way: 'upload' | 'download') => async (bytes: number) => {
      paced[way] += bytes;
      if (way === 'upload') paced.most = Math.max(paced.most, bytes);
    };
    const target = account.target({}, { pace: { upload: note('upload'), download: note('download') } });
    await target.put('volumes/a.age', bytesOf(500_000), hot);
    expect(paced.upload).toBeGreaterThanOrEqual(500_000);
    expect(paced.most).toBe(65_536);
    const before = paced.download;
    await target.read('volumes/a.age', 0, 400_000);
    expect(paced.download - before).toBe(400_000);
  });
});
