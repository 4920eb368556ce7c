/** Uploads that a killed process began: what is taken up was checked, what was not is sent again, and nothing is left over. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf } from '../../src/targets/conformance/data.ts';
import type { OpenOptions, Target, Upload } from '../../src/targets/target.ts';
import { Refusal, type CallKind } from '../servers/cloudinary-server.ts';
import type { CloudinaryAccount } from './cloudinary-store.ts';
import { cloudinaryAccount } from './cloudinary-store.ts';

const name = 'volumes/20260101-000000-abcd-00001.tar.zst.age';
const size = 4700;
const bytes = bytesOf(size);
const cold: OpenOptions = { temperature: 'cold', partSize: 1000 };
const DAY = 24 * 3_600_000;
let account: CloudinaryAccount;
let clock: number;

beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1);
  account = await cloudinaryAccount({ rawLimit: 1000, now: () => clock });
});
afterEach(() => account.server.close());

async function connected(writer?: string): Promise<Target> {
  const target = account.target({}, writer === undefined ? {} : { writer });
  await target.connect({ create: true });
  return target;
}

const part = (index: number, { partSize } = cold): Uint8Array => bytes.subarray(index * partSize, (index + 1) * partSize);

/** An upload whose process is gone once these parts were there. */
async function killedAfter(indexes: readonly number[], options = cold): Promise<string> {
  const upload = await (await connected()).open(name, options);
  for (const index of indexes) await upload.write(index, part(index, options));
  return upload.id!;
}

/** As the sender does it: what is there by its MD5 is left out. Gives the numbers of those that were written. */
async function sendRest(upload: Upload, there: ReadonlyMap<number, { checksum?: string }>, options = cold): Promise<void> {
  const count = Math.ceil(size / options.partSize);
  for (let index = 0; index < count; index++) if (!there.has(index)) await upload.write(index, part(index, options));
  await upload.finish(size);
}

const ids = (): string[] => account.server.everything().map((id) => id.replace('backups/nas/', '')).sort();
const partsNamed = (stem: string): string[] => [...[0, 1, 2, 3, 4].map((number) => `${stem}.00${number}`), `${name}.parts.json`].sort();
const store = (id: string, content: Uint8Array): void => void account.server.assets.put('private', `backups/nas/${id}`, Buffer.from(content));

/** The next call of this kind is refused. */
function refuseOne(kind: CallKind): void {
  const { settings } = account.server;
  settings.before = (asked) => {
    if (asked !== kind) return;
    settings.before = () => {};
    throw new Refusal(500, 'Something went wrong');
  };
}

async function expectWhole(): Promise<void> {
  const target = await connected();
  expect(await target.stat(name)).toEqual({ name, size });
  expect(Buffer.from(await target.read(name, 0, size)).equals(bytes)).toBe(true);
}

describe('an upload that is taken up', () => {
  it('has its id before anything is sent, and sends only what is not there', async () => {
    const target = await connected();
    const { upload: before } = account.server.counts;
    const begun = await target.open(name, cold);
    expect(begun.id).toMatch(/^[0-9a-f]{6}$/);
    expect(account.server.counts.upload).toBe(before);
    await begun.write(1, part(1));
    await begun.write(3, part(3));

    const second = await connected();
    const resumed = (await second.resume!(name, begun.id!, cold))!;
    expect(resumed.upload.id).toBe(begun.id);
    expect([...resumed.parts.keys()]).toEqual([1, 3]);
    const note = account.server.assets.all().find(({ publicId }) => publicId.includes('/bat-uploads/'));
    expect((JSON.parse(note!.bytes.toString()) as { notes: unknown[] }).notes).toEqual([{ name, stem: name, gap: 16, upload: begun.id }]);
    const { upload: sent } = account.server.counts;
    await sendRest(resumed.upload, resumed.parts);
    expect(account.server.counts.upload - sent).toBe(3 + 1);
    await expectWhole();
    expect(ids()).toEqual(partsNamed(name));
    const { list, admin } = account.server.counts;
    expect({ list, admin }).toEqual({ list: 0, admin: 0 });
  });

  it('finds its parts under the name that was free, beside the object that it is to replace', async () => {
    await (await connected()).put(name, bytesOf(2500, 2), cold);
    const id = await killedAfter([0, 1]);
    const second = await connected();
    const { upload, parts } = (await second.resume!(name, id, cold))!;
    expect([...parts.keys()]).toEqual([0, 1]);
    expect(await second.stat(name)).toEqual({ name, size: 2500 });
    await sendRest(upload, parts);
    await expectWhole();
    expect(ids()).toEqual(partsNamed(`${name}.again-${id}`));
  });

  it('gives the MD5 that the service tells, so that what is not the same is sent again', async () => {
    const id = await killedAfter([0, 1]);
    store(`${name}.000`, bytesOf(1000, 9));
    const { upload, parts } = (await (await connected()).resume!(name, id, cold))!;
    expect(parts.get(0)!.checksum).not.toBe(parts.get(1)!.checksum);
    refuseOne('upload');
    await expect(upload.write(0, part(0))).rejects.toMatchObject({ transient: true });
    await expect(upload.finish(2000), 'what lies there is not sure any more').rejects.toMatchObject({ code: 'TARGET_FAILED' });
    await upload.write(0, part(0));
    await sendRest(upload, parts);
    await expectWhole();
  });

  it('has no parts where the service tells no MD5', async () => {
    account.server.settings.tagsDownloads = false;
    const id = await killedAfter([0, 1]);
    const { upload, parts } = (await (await connected()).resume!(name, id, cold))!;
    expect(parts.size).toBe(0);
    await expect(upload.finish(2000)).rejects.toMatchObject({ code: 'TARGET_FAILED' });
    await sendRest(upload, parts);
    await expectWhole();
    expect(ids()).toEqual(partsNamed(name));
  });

  it('compares each asset where a part of the sender is several', async () => {
    const large = { ...cold, partSize: 2500 };
    const id = await killedAfter([0], large);
    account.server.assets.remove('private', `backups/nas/${name}.001`);
    const { upload, parts } = (await (await connected()).resume!(name, id, large))!;
    expect(parts.size, 'a part of several assets has no MD5 of its own').toBe(0);
    const { upload: before } = account.server.counts;
    await upload.write(0, part(0, large));
    expect(account.server.counts.upload - before).toBe(1);
    await sendRest(upload, parts, large);
    await expectWhole();
  });

  it('takes nothing for its own that lies beyond its end', async () => {
    const id = await killedAfter([0]);
    store(`${name}.007`, bytesOf(1000, 9));
    const { upload, parts } = (await (await connected()).resume!(name, id, cold))!;
    await sendRest(upload, parts);
    await expectWhole();
    expect(ids()).toEqual(partsNamed(name));
  });

  it.each([true, false])('is given up without a trace, whether its MD5s are told (%s) or not', async (tagsDownloads) => {
    account.server.settings.tagsDownloads = tagsDownloads;
    const id = await killedAfter([0, 2]);
    const second = await connected();
    const { upload } = (await second.resume!(name, id, cold))!;
    await upload.write(1, part(1));
    await upload.abort();
    expect(ids().filter((id) => id.startsWith('volumes/'))).toEqual([]);
    // What the killed process had sent may still come.
    store(`${name}.003`, part(3));
    await (await connected()).sweep();
    expect(ids()).toEqual([]);
  });

  it('is not known by another id, to another catalog, or once it was swept', async () => {
    const id = await killedAfter([0]);
    expect(await (await connected()).resume!(name, 'ffffff', cold)).toBeNull();
    expect(await (await connected('another')).resume!(name, id, cold)).toBeNull();
    await (await connected()).sweep();
    expect(await (await connected()).resume!(name, id, cold)).toBeNull();
  });

  it('leaves the parts of an object alone, whoever made it', async () => {
    const id = await killedAfter([0, 1]);
    const list = { object: name.slice('volumes/'.length), size: 1000, upload: 'ffffff', parts: [{ name: `${name.slice('volumes/'.length)}.000`, size: 1000, md5: '' }] };
    store(`${name}.parts.json`, Buffer.from(JSON.stringify(list)));
    expect(await (await connected()).resume!(name, id, cold)).toBeNull();
  });

  it('is safe from the sweeps of others from then on, however long ago it was begun', async () => {
    const id = await killedAfter([0, 1]);
    clock += 3 * DAY;
    const { upload, parts } = (await (await connected()).resume!(name, id, cold))!;
    expect(await (await connected('another')).sweep()).toBe(0);
    await sendRest(upload, parts);
    await expectWhole();
  });

  it('does not mix with one that is begun under the same name', async () => {
    const id = await killedAfter([0, 4]);
    const second = await connected();
    await second.sweep({ keep: new Set([id]) });
    const other = await second.open(name, cold);
    await other.write(0, bytesOf(500, 3));
    await other.finish(500);
    expect(await second.stat(name)).toEqual({ name, size: 500 });
    await (await connected()).sweep();
    expect(ids()).toEqual([`${name}.again-${other.id}.000`, `${name}.parts.json`]);
  });
});

describe('an upload whose note cannot be written', () => {
  it('writes it when it is tried again, and keeps its name', async () => {
    const upload = await (await connected()).open(name, cold);
    refuseOne('upload');
    await expect(upload.write(0, part(0))).rejects.toMatchObject({ transient: true });
    await sendRest(upload, new Map());
    expect(ids()).toEqual(partsNamed(name));
  });
});

describe('an upload that was finished before the kill', () => {
  async function finished(): Promise<string> {
    const upload = await (await connected()).open(name, cold);
    await sendRest(upload, new Map());
    return upload.id!;
  }

  it('is whole: nothing is sent, and the receipt is the same', async () => {
    const id = await finished();
    const second = await connected();
    const { upload, parts } = (await second.resume!(name, id, cold))!;
    expect([...parts.keys()]).toEqual([0, 1, 2, 3, 4]);
    const { upload: before } = account.server.counts;
    await upload.write(2, part(2));
    expect(await upload.finish(size)).toEqual({ name, size, parts: 5 });
    expect(account.server.counts.upload).toBe(before);
    await upload.abort();
    await expectWhole();
  });

  it('is not so by the name alone', async () => {
    await finished();
    expect(await (await connected()).resume!(name, 'ffffff', cold)).toBeNull();
  });

  it('takes the place of an asset of the plain name that was still there', async () => {
    store(name, bytesOf(10));
    const begun = await (await connected()).open(name, cold);
    refuseOne('destroy');
    await expect(sendRest(begun, new Map())).rejects.toMatchObject({ transient: true });
    const id = begun.id!;
    expect(ids()).toContain(name);
    const { upload } = (await (await connected()).resume!(name, id, cold))!;
    await upload.finish(size);
    await expectWhole();
    expect(ids()).toEqual(partsNamed(name));
  });

  it.each([['other bytes', 1, bytesOf(1000, 7)], ['a part more', 5, bytesOf(100)]])('is not written over with %s, and that is said', async (_, index, content) => {
    const id = await finished();
    const { upload } = (await (await connected()).resume!(name, id, cold))!;
    await upload.write(index, content);
    await expect(upload.finish(size)).rejects.toMatchObject({ code: 'TARGET_FAILED', transient: false, hint: expect.stringMatching(/console/) });
    await expectWhole();
  });
});

describe('a sweep', () => {
  it('leaves what is to be taken up, and its note, and removes the rest', async () => {
    const id = await killedAfter([0, 1]);
    const other = await (await connected()).open('volumes/other.tar.age', cold);
    await other.write(0, part(0));
    clock += 3 * DAY;
    const second = await connected();
    expect(await second.sweep({ keep: new Set([id]) })).toBe(1);
    expect(await second.sweep({ keep: new Set([id]) })).toBe(0);
    expect(ids().filter((id) => id.startsWith('volumes/'))).toEqual([`${name}.000`, `${name}.001`]);
    // The note is new, so that another machine leaves it alone.
    expect(await (await connected('another')).sweep()).toBe(0);
    const third = await connected();
    expect(await third.sweep({ keep: new Set([id]), isShared: true })).toBe(0);
    const { upload, parts } = (await third.resume!(name, id, cold))!;
    expect([...parts.keys()]).toEqual([0, 1]);
    await sendRest(upload, parts);
    await expectWhole();
    expect(ids()).toEqual(partsNamed(name));
  });

  it('takes it back where others store too, after a day: they may be removing it', async () => {
    const id = await killedAfter([0, 1]);
    clock += DAY;
    const second = await connected();
    expect(await second.sweep({ keep: new Set([id]), isShared: true })).toBe(1);
    expect(ids()).toEqual([]);
    expect(await second.resume!(name, id, cold)).toBeNull();
  });

  it('removes it once nobody wants it any more', async () => {
    const id = await killedAfter([0, 1]);
    const second = await connected();
    await second.sweep({ keep: new Set([id]) });
    expect(await second.sweep()).toBe(1);
    expect(ids()).toEqual([]);
  });
});
