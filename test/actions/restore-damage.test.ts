/** Objects that are damaged or gone, targets that answer no more, keys that do not fit, disks that are full. */
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { useSetting } from './restore-setting.ts';
import { newKey, noise, StoreBuilder, type Given } from './store-builder.ts';

const setting = useSetting();
afterEach(() => vi.restoreAllMocks());

const files: Given[] = Array.from({ length: 30 }, (_, index) => ({ path: `f${String(index).padStart(2, '0')}`, content: noise(4000, `f${index}`) }));

function flip(path: string, at: number): void {
  const bytes = fs.readFileSync(path);
  bytes[at]! ^= 0x01;
  fs.writeFileSync(path, bytes);
}

/** Every file that is there is right; returns how many there are. */
function rightFiles(): number {
  const names = setting.tree();
  for (const name of names) expect(fs.readFileSync(setting.path(name)).equals(noise(4000, `f${Number(name.slice(1))}`)), name).toBe(true);
  return names.length;
}

/** The same content, with the same runs, for another target. */
async function twin(name: string, ...given: Parameters<StoreBuilder['snapshot']>): Promise<StoreBuilder> {
  const store = setting.store({}, name);
  await store.snapshot(...given);
  return store;
}

describe('a damaged volume', () => {
  it.each([
    ['zstd', true], ['gzip', true], ['none', true], ['zstd', false], ['gzip', false], ['none', false],
  ] as const)('costs what lies in the damaged frame and no more, with %s, sealed: %s', async (codec, sealed) => {
    const key = await newKey();
    const store = setting.store({ codec, frameSize: 10_000, ...(sealed ? { recipients: [key.recipient] } : {}) });
    await store.snapshot(files);
    const volume = store.volumeNames[0]!;
    flip(join(store.folder, volume), fs.statSync(join(store.folder, volume)).size - 40_000);
    const error = await setting.incomplete({ keys: { identities: [key.identity] } });
    expect(error.result.failures[0]!.message).toContain(volume);
    expect(error.hint).toContain(volume);
    expect(error.message).toContain(error.result.failures[0]!.path);
    expect(error.result.failed).toBeLessThanOrEqual(sealed ? 22 : 4);
    expect(rightFiles()).toBe(30 - error.result.failed);
    expect(error.result.failed).toBeGreaterThan(0);
  });

  it('that ends too early gives what lies before its end', async () => {
    const store = setting.store({ frameSize: 10_000 });
    await store.snapshot(files);
    const volume = join(store.folder, store.volumeNames[0]!);
    fs.truncateSync(volume, 60_000);
    const error = await setting.incomplete();
    expect(rightFiles()).toBe(30 - error.result.failed);
    expect(rightFiles()).toBeGreaterThan(8);
  });

  it('or one that is gone costs its own files only', async () => {
    const store = setting.store({ volumeSize: 50_000 });
    await store.snapshot(files);
    fs.rmSync(join(store.folder, store.volumeNames[1]!));
    const error = await setting.incomplete();
    expect(error.result.failures[0]!.message).toContain(store.volumeNames[1]!);
    expect(rightFiles()).toBe(30 - error.result.failed);
    expect(rightFiles()).toBeGreaterThan(15);
  });

  it('leaves nothing of a file of which it holds one part', async () => {
    const store = setting.store({ volumeSize: 50_000 });
    await store.snapshot([{ path: 'parts', content: [noise(40_000, '1'), noise(40_000, '2'), noise(40_000, '3')] }, { path: 'f01', content: noise(4000, 'f1') }, { path: 'hard', type: 'hardlink', link: 'parts' }]);
    fs.rmSync(join(store.folder, store.volumeNames[1]!));
    const { result: summary } = await setting.incomplete();
    expect(summary.failures.map(({ path }) => path)).toEqual(['docs/parts', 'docs/hard']);
    expect(setting.tree()).toEqual(['f01']);
  });
});

describe('another target', () => {
  it('gives what is damaged and missing on the first, in its own format', async () => {
    const key = await newKey();
    const first = setting.store({ frameSize: 10_000, volumeSize: 50_000 });
    const parts: Given = { path: 'zz', content: [noise(40_000, 'p1'), noise(40_000, 'p2')] };
    await first.snapshot([...files, parts]);
    await setting.store({ codec: 'gzip', recipients: [key.recipient], volumeSize: 30_000 }, 'second').snapshot([parts, ...files]);
    fs.rmSync(join(first.folder, first.volumeNames[0]!));
    flip(join(first.folder, first.volumeNames[1]!), 20_000);
    fs.rmSync(join(first.folder, first.volumeNames.at(-1)!));
    const asked = vi.fn(async () => null);
    const summary = await setting.restore({ targets: [setting.target(), setting.target('second')], keys: { identities: [key.identity], passphrase: asked } });
    expect(summary).toMatchObject({ files: 31, failed: 0, snapshots: [{ target: 'store' }] });
    expect(fs.readFileSync(setting.path('zz')).equals(Buffer.concat([noise(40_000, 'p1'), noise(40_000, 'p2')]))).toBe(true);
    fs.rmSync(setting.path('zz'));
    expect(rightFiles()).toBe(30);
    expect(setting.events.filter((event) => event.type === 'issue' && event.target === 'store')).toHaveLength(3);
    expect(asked).not.toHaveBeenCalled();
  });

  it('is asked for no more than is missing', async () => {
    const first = await twin('store', files);
    await twin('second', files);
    flip(join(first.folder, first.volumeNames[0]!), 1000);
    const second = setting.target('second');
    await setting.restore({ targets: [setting.target(), second], patterns: ['f0?'] });
    expect(rightFiles()).toBe(10);
    const read = second.reads.filter(([name]) => name.startsWith('volumes/')).reduce((sum, [, , length]) => sum + length, 0);
    expect(read).toBeLessThan(70_000);
  });

  it('steps in where the manifest of the first is damaged', async () => {
    const first = await twin('store', files);
    await twin('second', files);
    flip(join(first.folder, 'manifests/20260101-000000-aaaa-docs.jsonl.zst'), 100);
    const summary = await setting.restore({ targets: [setting.target(), setting.target('second')] });
    expect(summary.snapshots).toMatchObject([{ target: 'second' }]);
    expect(rightFiles()).toBe(30);
    await expect(setting.restore()).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  });

  it('steps in for the rest when the first goes away in the middle', async () => {
    const first = setting.store({ volumeSize: 5_000 });
    await first.snapshot(files);
    await twin('second', files);
    const target = setting.target();
    target.onRead = (name) => {
      if (name === first.volumeNames[3]) throw new BatError('TARGET_UNREACHABLE', 'the disk was pulled out');
    };
    await setting.restore({ targets: [target, setting.target('second')] });
    expect(rightFiles()).toBe(30);
    // One ahead may have been asked for by then, and no more.
    expect(first.volumeNames.length).toBeGreaterThan(10);
    expect(first.volumeNames.slice(0, 6)).toContain(target.reads.at(-1)![0]);
    expect(setting.events).toContainEqual(expect.objectContaining({ type: 'target-failed', target: 'store', code: 'TARGET_UNREACHABLE' }));
    const alone = setting.target();
    alone.onRead = target.onRead;
    expect((await setting.incomplete({ targets: [alone] })).result.failures[0]!.message).toMatch(/pulled out|cannot be reached/);
  });

  it('has the latest snapshot, or is all there is', async () => {
    await twin('store', [{ path: 'a', content: 'old' }]);
    await twin('second', [{ path: 'a', content: 'new' }], { run: '20260202-000000-aaaa' });
    await setting.restore({ targets: [setting.target(), setting.target('second')] });
    expect(setting.read('a')).toBe('new');
    const down = setting.target('second');
    down.onConnect = () => {
      throw new BatError('TARGET_UNREACHABLE', 'not mounted');
    };
    await setting.restore({ targets: [down, setting.target()] });
    expect(setting.read('a')).toBe('old');
    await expect(setting.restore({ targets: [down] })).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
    await expect(setting.restore({ targets: [down, setting.target()], snapshot: '20260202' })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND', message: expect.stringContaining('second could not be asked') });
  });
});

it('a source whose manifest is damaged does not keep the others from being restored', async () => {
  const store = setting.store();
  await store.snapshot([{ path: 'a', content: 'a' }]);
  await store.snapshot([{ path: 'b', content: 'b' }], { source: 'photos' });
  fs.truncateSync(join(store.folder, 'manifests/20260101-000000-aaaa-photos.jsonl.zst'), 50);
  expect((await setting.incomplete()).result.failures).toMatchObject([{ path: 'photos' }]);
  expect(setting.read('a')).toBe('a');
});

describe('keys', () => {
  it('are named when they are missing, and when they do not fit', async () => {
    const [key, other] = [await newKey(), await newKey()];
    await setting.store({ recipients: [key.recipient] }).snapshot(files);
    await expect(setting.restore()).rejects.toMatchObject({ code: 'KEY_MISSING', exitCode: 12 });
    await expect(setting.restore({ keys: { identities: [other.identity] } })).rejects.toMatchObject({ code: 'KEY_WRONG', exitCode: 12 });
    expect(setting.tree()).toEqual([]);
    await setting.restore({ keys: { identities: [other.identity, key.identity] } });
    expect(rightFiles()).toBe(30);
  });

  it('are what is told when the manifest can be read and the volumes cannot', async () => {
    const key = await newKey();
    const store = setting.store({ recipients: [key.recipient] });
    await store.snapshot(files, { tamper: (lines) => lines });
    const plain = setting.store({}, 'plain');
    await plain.snapshot(files, {
      tamper: (lines) => {
        for (const line of lines) if (line.kind === 'volume') line.volume.sealed = true;
        return lines;
      },
    });
    fs.copyFileSync(join(store.folder, store.volumeNames[0]!), join(plain.folder, plain.volumeNames[0]!));
    expect(await setting.incomplete({ targets: [setting.target('plain')] })).toMatchObject({ code: 'KEY_MISSING', exitCode: 12 });
  });
});

describe('stopped', () => {
  it('by a signal: no temporary file is left, and what is there is whole', async () => {
    const store = setting.store({ volumeSize: 50_000 });
    await store.snapshot([{ path: 'parts', content: [noise(40_000, '1'), noise(40_000, '2'), noise(40_000, '3')] }, ...files]);
    const controller = new AbortController();
    const target = setting.target();
    target.onRead = (name) => {
      if (name === store.volumeNames[1]) controller.abort(new BatError('INTERRUPTED', 'interrupted'));
    };
    await expect(setting.restore({ targets: [target], signal: controller.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(setting.tree().filter((name) => name.includes('bat-restore') || name === 'parts')).toEqual([]);
    rightFiles();
  });

  it('by a full disk: it says so, and leaves no temporary file', async () => {
    const store = setting.store({ volumeSize: 50_000 });
    await store.snapshot([{ path: 'aparts', content: [noise(40_000, '1'), noise(40_000, '2')] }, ...files]);
    const write = fs.writeSync as (...parameters: unknown[]) => number;
    let count = 0;
    vi.spyOn(fs, 'writeSync').mockImplementation(((...parameters: unknown[]) => {
      // Two chunks, and five files that are one.
      if (++count > 7) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      return write(...parameters);
    }) as typeof fs.writeSync);
    const error = await setting.incomplete();
    expect(error).toMatchObject({ code: 'RESTORE_INCOMPLETE', hint: expect.stringContaining('space') });
    expect(error.message).toContain('no space left');
    vi.restoreAllMocks();
    fs.rmSync(setting.path('aparts'), { force: true });
    expect(rightFiles()).toBe(5);
    await setting.restore({ overwrite: 'if-changed' });
    fs.rmSync(setting.path('aparts'));
    expect(rightFiles()).toBe(30);
  });
});
