import fs from 'node:fs';
import { join } from 'node:path';
import { Encrypter } from 'age-encryption';
import { describe, expect, it, vi } from 'vitest';
import { chooseSnapshots, listSnapshots, openKeys, readSnapshot, type StoredSnapshot } from '../../src/actions/store.ts';
import type { Target } from '../../src/targets/target.ts';
import { openKeyRing } from '../../src/volume/age.ts';
import { useSetting } from './restore-setting.ts';
import { newKey } from './store-builder.ts';

const setting = useSetting();

function stored(id: string): StoredSnapshot {
  const [date = '', time = '', end = '', source = ''] = id.split('-');
  const iso = `${date.replace(/(\d{4})(\d\d)(\d\d)/, '$1-$2-$3')}T${time.replace(/(\d\d)(\d\d)(\d\d)/, '$1:$2:$3')}Z`;
  return { id, source, run: `${date}-${time}-${end}`, time: new Date(iso), manifestName: `manifests/${id}.jsonl`, size: 1, codec: 'none', sealed: false };
}

const all = ['20260101-120000-aaaa-docs', '20260101-120000-aaaa-photos', '20260102-120000-bbbb-docs', '20260103-120000-cccc-docs', '20260103-120000-cccc-music'].map(stored);
const choose = (snapshot: string, sources?: string[]): string[] => chooseSnapshots(all, { snapshot, sources }).map(({ id }) => id.slice(6));

describe('listing', () => {
  it('names what the manifests name, oldest first, and nothing else', async () => {
    const folder = setting.store().folder;
    for (const name of ['20260102-000000-bbbb-docs.jsonl.gz', '20260101-000000-aaaa-docs.jsonl.zst.age', '20260101-000000-aaaa-docs.jsonl.zst', 'other', '20269999-000000-aaaa-docs.jsonl', 'x-docs.jsonl']) {
      fs.writeFileSync(join(folder, 'manifests', name), '12345');
    }
    const found = await listSnapshots(setting.target());
    expect(found.map(({ manifestName, codec, sealed, size, source, run }) => [manifestName, codec, sealed, size, source, run])).toEqual([
      ['manifests/20260101-000000-aaaa-docs.jsonl.zst', 'zstd', false, 5, 'docs', '20260101-000000-aaaa'],
      ['manifests/20260102-000000-bbbb-docs.jsonl.gz', 'gzip', false, 5, 'docs', '20260102-000000-bbbb'],
    ]);
    expect(found[0]!.time).toEqual(new Date('2026-01-01T00:00:00Z'));
  });
});

describe('choosing', () => {
  it.each([
    ['latest', undefined, ['03-120000-cccc-docs', '03-120000-cccc-music', '01-120000-aaaa-photos']],
    ['latest', ['photos'], ['01-120000-aaaa-photos']],
    ['20260101-120000-aaaa-docs', undefined, ['01-120000-aaaa-docs']],
    ['20260101-120000-aaaa', undefined, ['01-120000-aaaa-docs', '01-120000-aaaa-photos']],
    ['20260102', undefined, ['02-120000-bbbb-docs']],
    ['20260103-120000-cccc-m', undefined, ['03-120000-cccc-music']],
    ['2026-01-02T12:00:00Z', undefined, ['02-120000-bbbb-docs', '01-120000-aaaa-photos']],
    ['2026-01-02T11:59:59Z', undefined, ['01-120000-aaaa-docs', '01-120000-aaaa-photos']],
    ['2026-01-02T14:00:00+02:00', ['docs'], ['02-120000-bbbb-docs']],
    ['2026-02-01', ['docs'], ['03-120000-cccc-docs']],
  ])('takes %s of %j', (snapshot, sources, expected) => {
    expect(choose(snapshot, sources)).toEqual(expected);
  });

  it('counts a day to its end, where one lives', () => {
    const noon = new Date(2026, 0, 5, 23, 30);
    const id = `${noon.toISOString().replace(/[-:]|\..*/g, '').replace('T', '-')}-dddd-docs`;
    expect(chooseSnapshots([...all, stored(id)], { snapshot: '2026-01-05' }).map((found) => found.id)).toContain(id);
    expect(chooseSnapshots([...all, stored(id)], { snapshot: '2026-01-05 23:30' }).map((found) => found.id)).toContain(id);
    expect(chooseSnapshots([...all, stored(id)], { snapshot: '2026-01-05 23:29' }).map((found) => found.id)).not.toContain(id);
  });

  it.each([
    ['20260102-120000-bbbx-docs', undefined, /20260102-120000-bbbb-docs/],
    ['202601', undefined, /20260103-120000-cccc-music/],
    ['2025-12-31', undefined, /first one is 20260101/],
    ['2026-13-01', undefined, /2026-11-20/],
    ['', undefined, /There are/],
    ['latest', ['phots'], /"photos"/],
    ['20260102', ['photos'], /aaaa-photos/],
  ])('does not guess what "%s" of %j is', (snapshot, sources, hint) => {
    expect(() => choose(snapshot, sources)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_NOT_FOUND', exitCode: 10, hint: expect.stringMatching(hint) }));
  });

  it('does not take the beginning of several runs for one of them', () => {
    expect(() => choose('202601')).toThrow(/the beginning of 3 runs/);
  });

  it('says so if nothing is stored', () => {
    expect(() => chooseSnapshots([], { snapshot: 'latest' })).toThrow(expect.objectContaining({ code: 'NOTHING_STORED', exitCode: 10 }));
  });
});

describe('reading', () => {
  const noKeys = openKeyRing([]);
  it('gives the base first', async () => {
    const store = setting.store();
    const base = await store.snapshot([{ path: 'a', content: 'a' }]);
    const top = await store.snapshot([{ path: 'b', content: 'b' }], { run: '20260102-000000-aaaa', base });
    const lines: string[] = [];
    for await (const { depth, line } of readSnapshot(setting.target(), top, noKeys)) lines.push(`${depth} ${line.kind}`);
    expect(lines).toEqual(['1 header', '1 volume', '1 entry', '1 end', '0 header', '0 volume', '0 entry', '0 end']);
  });

  it('names a base that is gone, a circle, and a snapshot that is not there', async () => {
    const store = setting.store();
    const top = await store.snapshot([], { base: '20250101-000000-aaaa-docs' });
    const read = async (id: string): Promise<unknown> => Array.fromAsync(readSnapshot(setting.target(), id, noKeys));
    await expect(read(top)).rejects.toMatchObject({ code: 'OBJECT_MISSING', subject: '20250101-000000-aaaa-docs' });
    await store.snapshot([], { run: '20250101-000000-aaaa', base: top });
    await expect(read(top)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
    await expect(read('20240101-000000-aaaa-docs')).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
  });
});

describe('keys', () => {
  const passphrase = 'correct horse battery';

  /** As `wrapIdentity` does it, with less work for scrypt. */
  async function wrapIdentity(identity: string, phrase: string): Promise<Uint8Array> {
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(10);
    encrypter.setPassphrase(phrase);
    return encrypter.encrypt(identity);
  }

  async function sealedStore(): Promise<{ identity: string; opens: (inputs: Parameters<typeof openKeys>[1]) => Promise<unknown> }> {
    const key = await newKey();
    const store = setting.store({ recipients: [key.recipient] });
    const id = await store.snapshot([]);
    const opens = async (inputs: Parameters<typeof openKeys>[1]): Promise<unknown> => Array.fromAsync(readSnapshot(setting.target(), id, () => openKeys(setting.target(), inputs)));
    return { identity: key.identity, opens };
  }
  function putKey(name: string, bytes: Uint8Array): void {
    fs.mkdirSync(join(setting.folder, 'store/keys'), { recursive: true });
    fs.writeFileSync(join(setting.folder, 'store/keys', name), bytes);
  }

  it('on the target are opened by the passphrase, also beside one of an older passphrase', async () => {
    const { identity, opens } = await sealedStore();
    putKey('a.age', await wrapIdentity((await newKey()).identity, 'older'));
    putKey('b.age', await wrapIdentity(identity, passphrase));
    const ask = vi.fn(async () => passphrase);
    await opens({ identities: [], passphrase: ask });
    expect(ask).toHaveBeenCalledOnce();
    await expect(opens({ identities: [], passphrase: async () => 'wrong' })).rejects.toMatchObject({ code: 'KEY_WRONG' });
    await expect(opens({ identities: [], passphrase: async () => null })).rejects.toMatchObject({ code: 'KEY_MISSING', hint: expect.stringContaining('passphrase') });
    await expect(opens({ identities: [] })).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });

  it('in an identity file that is encrypted are opened by the passphrase, binary and armored', async () => {
    const { identity, opens } = await sealedStore();
    const wrapped = await wrapIdentity(`# mine\n${identity}\n`, passphrase);
    const base64 = Buffer.from(wrapped).toString('base64').replace(/(.{64})/g, '$1\n');
    const armored = `-----BEGIN AGE ENCRYPTED FILE-----\n${base64}\n-----END AGE ENCRYPTED FILE-----\n`;
    await opens({ identities: [wrapped], passphrase: async () => passphrase });
    await opens({ identities: [armored], passphrase: async () => passphrase });
    await expect(opens({ identities: [wrapped] })).rejects.toMatchObject({ code: 'KEY_MISSING' });
    await expect(opens({ identities: [wrapped], passphrase: async () => 'wrong' })).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });

  it('are missing or wrong in so many words', async () => {
    const { identity, opens } = await sealedStore();
    await opens({ identities: [Buffer.from(identity)] });
    await expect(opens({ identities: [] })).rejects.toMatchObject({ code: 'KEY_MISSING', hint: expect.stringContaining('--identity') });
    await expect(opens({ identities: ['# nothing'] })).rejects.toMatchObject({ code: 'KEY_MISSING', message: expect.stringContaining('no key') });
    await expect(opens({ identities: [(await newKey()).identity] })).rejects.toMatchObject({ code: 'KEY_WRONG' });
    await expect(opens({ identities: ['rubbish'] })).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });

  it('that are missing end the fetch of what they were to open, before that is said', async () => {
    const id = await setting.store({ recipients: [(await newKey()).recipient] }).snapshot([]);
    const target: Target = setting.target();
    let underWay = 0;
    vi.spyOn(target, 'read').mockImplementation(async (_name, _offset, _length, signal) => {
      underWay++;
      await new Promise<void>((resolve) => signal!.addEventListener('abort', () => resolve()));
      underWay--;
      throw signal!.reason;
    });
    const missing = new Error('no key');
    await expect(Array.fromAsync(readSnapshot(target, id, () => Promise.reject(missing)))).rejects.toBe(missing);
    expect(underWay).toBe(0);
    expect(target.read).toHaveBeenCalledOnce();
  });

  it('are not asked for if nothing is sealed', async () => {
    const id = await setting.store().snapshot([]);
    const ask = vi.fn(async () => openKeyRing([]));
    await Array.fromAsync(readSnapshot(setting.target(), id, ask));
    expect(ask).not.toHaveBeenCalled();
  });
});
