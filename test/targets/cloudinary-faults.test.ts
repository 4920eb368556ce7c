/** Each request is cut or refused in its turn, before or after it was done: objects are whole throughout, and a sweep leaves nothing else. */
import { afterEach, describe, expect, it } from 'vitest';
import { bytesOf } from '../../src/targets/conformance/data.ts';
import type { Target } from '../../src/targets/target.ts';
import { Refusal } from '../servers/cloudinary-server.ts';
import type { CloudinaryAccount } from './cloudinary-store.ts';
import { cloudinaryAccount } from './cloudinary-store.ts';

const hot = { temperature: 'hot' } as const;
const name = 'keys/a.age';
let account: CloudinaryAccount;
afterEach(() => account.server.close());

const sizes = { nothing: null, 'one asset': 600, parts: 2600 };

async function send(target: Target, bytes: Uint8Array): Promise<void> {
  const upload = await target.open(name, { ...hot, partSize: 2000 });
  for (let at = 0; at < bytes.length; at += 2000) await upload.write(at / 2000, bytes.subarray(at, at + 2000));
  await upload.finish(bytes.length);
}

const works: Record<string, { work: (target: Target) => Promise<void>; after: Buffer | null }> = {
  'put as one asset': { work: async (target) => void (await target.put(name, bytesOf(700, 2), hot)), after: bytesOf(700, 2) },
  'put in parts': { work: async (target) => void (await target.put(name, bytesOf(3700, 3), hot)), after: bytesOf(3700, 3) },
  upload: { work: (target) => send(target, bytesOf(4700, 4)), after: bytesOf(4700, 4) },
  remove: { work: (target) => target.remove(name), after: null },
};

async function content(target: Target): Promise<Buffer | null> {
  const stat = await target.stat(name);
  return stat && Buffer.from(await target.read(name, 0, stat.size));
}

async function fresh(size: number | null): Promise<Target> {
  account = await cloudinaryAccount({ rawLimit: 1000 });
  const target = account.target();
  await target.connect({ create: true });
  if (size !== null) await target.put(name, bytesOf(size), hot);
  return target;
}

/** How the n-th request from now on fails; the request itself may have been done all the same. */
function failAt(index: number, way: 'refused' | 'cut' | 'no reply'): () => boolean {
  let count = 0;
  const { settings, assets } = account.server;
  settings.before = (): 'drop' | undefined => {
    if (count++ !== index) return undefined;
    if (way === 'refused') throw new Refusal(500, 'Something went wrong');
    if (way === 'cut') return 'drop';
    // What it was to do is done; only its answer gets lost.
    const { put, remove } = assets;
    const lose = <T extends unknown[], R>(work: (...words: T) => R) => (...words: T): never => {
      Object.assign(assets, { put, remove });
      work.apply(assets, words);
      throw new Refusal(502, 'Bad Gateway');
    };
    Object.assign(assets, { put: lose(put), remove: lose(remove) });
    return undefined;
  };
  return () => count > index;
}

function repair(): void {
  account.server.settings.before = () => {};
  for (const method of ['put', 'remove']) delete (account.server.assets as unknown as Record<string, unknown>)[method];
}

describe.each(Object.entries(sizes))('over %s', (_before, size) => {
  describe.each(Object.entries(works))('%s', (_work, { work, after }) => {
    it.each(['refused', 'cut', 'no reply'] as const)('each request in its turn is %s', async (way) => {
      for (let index = 0; ; index++) {
        const target = await fresh(size);
        const wasReached = failAt(index, way);
        const error: unknown = await work(target).then(() => null, (thrown: unknown) => thrown);
        const reached = wasReached();
        repair();
        if (error) expect(error, `request ${index}`).toMatchObject({ name: 'BatError', transient: true });
        const before = size === null ? null : bytesOf(size);
        const found = await content(account.target());
        const isWhole = [before, after].some((whole) => (whole === null || found === null ? whole === found : whole.equals(found)));
        expect(isWhole, `whole or absent after request ${index}`).toBe(true);
        if (!error) expect(found?.equals(after ?? Buffer.alloc(0)) ?? null, `done after request ${index}`).toBe(after === null ? null : true);

        // The next run, after a kill: it finds what the last one left.
        const next = account.target();
        await next.connect({ create: true });
        await next.sweep();
        const kept = await content(next);
        expect(kept === null ? null : found !== null && kept.equals(found), `the same after the sweep, request ${index}`).toBe(found === null ? null : true);
        expect(await leftBesides(found), `left over after request ${index}`).toEqual([]);
        await work(next);
        expect((await content(account.target()))?.equals(after ?? Buffer.alloc(0)) ?? null).toBe(after === null ? null : true);
        await account.server.close();
        if (!reached) break;
      }
      account = await cloudinaryAccount();
    });
  });
});

/** Public ids that do not belong to the object. */
async function leftBesides(found: Buffer | null): Promise<string[]> {
  const id = `backups/nas/${name}`;
  const all = account.server.everything();
  const list = account.server.assets.get('private', `${id}.parts.json`);
  const parts = list ? (JSON.parse(list.bytes.toString()) as { parts: { name: string }[] }).parts.map((part) => `backups/nas/keys/${part.name}`) : [];
  const own = found === null ? [] : all.includes(id) ? [id] : [`${id}.parts.json`, ...parts];
  return all.filter((other) => !own.includes(other));
}

describe('a sweep', () => {
  it('leaves what another machine noted alone for a day, then removes it', async () => {
    let clock = Date.now();
    account = await cloudinaryAccount({ rawLimit: 1000, now: () => clock });
    const put = (id: string, text: string): void => void account.server.assets.put('private', `backups/nas/${id}`, Buffer.from(text));
    put('volumes/x.age.000', 'left');
    put('volumes/x.age.001', 'left');
    put('volumes/y.age.000', 'not noted by anybody');
    put('bat-uploads/other.json', JSON.stringify({ written: new Date(clock).toISOString(), notes: [{ name: 'volumes/x.age', stem: 'volumes/x.age', gap: 4 }, { name: '../../other', stem: '../../other', gap: 4 }] }));
    const target = account.target();
    expect(await target.sweep()).toBe(0);
    clock += 25 * 3_600_000;
    expect(await target.sweep()).toBe(1);
    expect(account.server.everything()).toEqual(['backups/nas/volumes/y.age.000']);
    expect(await target.sweep()).toBe(0);
  });

  it('does without the listing where the calls of the hour are used up', async () => {
    account = await cloudinaryAccount({ adminLimit: 0 });
    expect(await account.target().sweep()).toBe(0);
  });

  it('leaves alone what another catalog on this machine is sending', async () => {
    const target = await fresh(null);
    const upload = await target.open(name, { ...hot, partSize: 1000 });
    await upload.write(0, bytesOf(1000));
    expect(await account.target({}, { writer: 'another' }).sweep()).toBe(0);
    await upload.finish(1000);
    expect((await content(target))?.equals(bytesOf(1000))).toBe(true);
  });

  it('leaves alone what this process is sending', async () => {
    const target = await fresh(null);
    const upload = await target.open(name, { ...hot, partSize: 1000 });
    await upload.write(0, bytesOf(1000));
    expect(await target.sweep()).toBe(0);
    await upload.finish(1000);
    expect((await content(target))?.equals(bytesOf(1000))).toBe(true);
  });
});
