/** One file's bytes in their order: which are read, which are given, and from where when a target does not give them. */
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cat, parseRange, type CatOptions } from '../../src/actions/cat.ts';
import { ThawPending } from '../../src/actions/restore.ts';
import { BatError } from '../../src/core/errors.ts';
import { ColdFolder, Freezer } from './cold-folder.ts';
import { useSetting } from './restore-setting.ts';
import { newKey, noise, type FolderTarget } from './store-builder.ts';

const setting = useSetting();
const parts = Array.from({ length: 12 }, (_, index) => noise(40_000, `part ${index}`));
const whole = Buffer.concat(parts);
/** In three volumes; `mixed` takes chunks of several of them, in an order that is not theirs. */
const files = [
  { path: 'large', content: parts },
  { path: 'sub/mixed', content: [noise(5000, 'new'), parts[7]!, parts[2]!, noise(5000, 'other'), parts[3]!, parts[3]!, parts[3]!] },
  { path: 'sub/small', content: 'a small file' },
  { path: 'a link', type: 'hardlink' as const, link: 'large' },
  { path: 'empty', content: '' },
  { path: 'symbolic', type: 'symlink' as const, link: 'large' },
  { path: '*', content: 'a star' },
];
const mixed = Buffer.concat(files[1]!.content as Buffer[]);

async function build(name = 'store', recipients: string[] = []): Promise<string[]> {
  const store = setting.store({ volumeSize: 170_000, frameSize: 16_384, recipients }, name);
  await store.snapshot([{ path: 'sub' }, ...files]);
  return store.volumeNames;
}

async function read(path: string, options: Partial<CatOptions> = {}): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const write = async (bytes: Uint8Array): Promise<void> => void pieces.push(Uint8Array.from(bytes));
  await cat({
    targets: [setting.target()], snapshot: 'latest', path, range: null, keys: { identities: [] }, write,
    thaw: { days: 7, pause: null, now: () => new Date(), choose: async () => 'bulk' },
    emit: (event) => setting.events.push(event), signal: new AbortController().signal, ...options,
  });
  return Buffer.concat(pieces);
}

async function failure(work: Promise<unknown>): Promise<BatError> {
  const error: unknown = await work.then(() => new Error('it did not fail'), (thrown: unknown) => thrown);
  if (!(error instanceof BatError)) throw error;
  return error;
}

function flip(name: string, at: number): void {
  const path = join(setting.folder, name);
  const bytes = fs.readFileSync(path);
  bytes[at]! ^= 1;
  fs.writeFileSync(path, bytes);
}

const fetched = ({ reads }: FolderTarget): number => reads.reduce((sum, [name, , length]) => sum + (name.startsWith('volumes/') ? length : 0), 0);

describe('a file', () => {
  it.each([false, true])('comes in its order, whatever the order of its volumes; sealed: %s', async (sealed) => {
    const key = await newKey();
    await build('store', sealed ? [key.recipient] : []);
    const keys = { identities: [key.identity] };
    expect((await read('docs/large', { keys })).equals(whole)).toBe(true);
    expect((await read('docs/sub/mixed', { keys })).equals(mixed)).toBe(true);
    expect((await read('docs/a link', { keys })).equals(whole)).toBe(true);
    expect((await read('sub/small', { keys })).toString()).toBe('a small file');
    expect((await read('docs/*', { keys })).toString()).toBe('a star');
    expect(await read('docs/empty', { keys })).toHaveLength(0);
  });

  it('is read by its frames, the range of it too', async () => {
    await build();
    const target = setting.target();
    await read('docs/sub/small', { targets: [target] });
    expect(fetched(target)).toBeLessThan(17_000);
    target.reads.length = 0;
    const range = { start: 205_000, end: 205_010 };
    expect((await read('docs/large', { targets: [target], range })).equals(whole.subarray(205_000, 205_010))).toBe(true);
    expect(fetched(target)).toBeLessThan(70_000);
  });

  it.each([
    ['0-99', 0, 100], ['100-', 100, 480_000], ['-500', 479_500, 480_000], ['-999999', 0, 480_000], ['39KiB-40KiB', 39_936, 40_960], ['39999-40000', 39_999, 40_001], ['479999-999999', 479_999, 480_000],
  ])('gives the range %s', async (text, start, end) => {
    await build();
    expect((await read('docs/large', { range: parseRange(text) })).equals(whole.subarray(start, end))).toBe(true);
  });

  it.each(['9-3', '-', 'x-3', '1', '1-2-3', '10MiB-10MiB'])('knows no range %s', (text) => {
    expect(() => parseRange(text)).toThrow(/no range of bytes/);
  });

  it('is what was named, or it is said what that is', async () => {
    await build();
    expect(await failure(read('docs/sub'))).toMatchObject({ code: 'USAGE', message: 'docs/sub is a folder.' });
    expect(await failure(read('docs'))).toMatchObject({ code: 'USAGE', message: 'docs is a folder.' });
    expect(await failure(read('docs/symbolic'))).toMatchObject({ code: 'USAGE', message: 'docs/symbolic is a symbolic link to large.' });
    expect(await failure(read('docs/larg'))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failure(read('docs/empty', { range: { start: 1, end: 2 } }))).toMatchObject({ code: 'USAGE' });
  });
});

describe('where a target does not give it', () => {
  const two = (): FolderTarget[] => [setting.target('store'), setting.target('other')];

  it('each damaged chunk comes from the next one, and what is sound from the first', async () => {
    const [first = '', second = ''] = await build();
    await build('other');
    flip(`store/${first}`, 60_000);
    flip(`store/${second}`, 60_000);
    const targets = two();
    expect((await read('docs/large', { targets })).equals(whole)).toBe(true);
    expect(fetched(targets[1]!)).toBeLessThan(200_000);
    expect(targets[1]!.reads.filter(([name]) => name.startsWith('manifests/'))).toHaveLength(1);
  });

  it('a volume that is gone comes from the next one; so does all that a target had which is gone', async () => {
    const [, second = ''] = await build();
    await build('other');
    fs.rmSync(join(setting.folder, 'store', second));
    expect((await read('docs/large', { targets: two() })).equals(whole)).toBe(true);
    const targets = two();
    let count = 0;
    targets[0]!.onRead = (name) => {
      if (name.startsWith('volumes/') && ++count > 1) throw new BatError('TARGET_UNREACHABLE', 'it is down');
    };
    expect((await read('docs/large', { targets })).equals(whole)).toBe(true);
    expect(setting.events.filter(({ type }) => type === 'target-failed')).toHaveLength(1);
  });

  it('it ends with what is missing, and nothing wrong was given', async () => {
    const [, second = ''] = await build();
    flip(`store/${second}`, 60_000);
    const pieces: Uint8Array[] = [];
    const error = await failure(read('docs/large', { write: async (bytes) => void pieces.push(Uint8Array.from(bytes)) }));
    expect(error).toMatchObject({ code: 'OBJECT_DAMAGED', message: expect.stringContaining(second) as string });
    const given = Buffer.concat(pieces);
    expect(given.equals(whole.subarray(0, given.length))).toBe(true);
    expect(error.message).toContain(`The ${given.length} bytes before that`);
  });

  it('what has no checksum but its hash is not given if that is wrong', async () => {
    const store = setting.store({ codec: 'none', volumeSize: 170_000 });
    await store.snapshot(files);
    flip(`store/${store.volumeNames[1]!}`, 60_000);
    const pieces: Uint8Array[] = [];
    expect(await failure(read('docs/large', { write: async (bytes) => void pieces.push(Uint8Array.from(bytes)) }))).toMatchObject({ code: 'OBJECT_DAMAGED' });
    const given = Buffer.concat(pieces);
    expect(given.equals(whole.subarray(0, given.length))).toBe(true);
    const other = setting.store({ codec: 'none', volumeSize: 170_000 }, 'other');
    await other.snapshot(files);
    expect((await read('docs/large', { targets: two() })).equals(whole)).toBe(true);
  });

  it('a manifest with another hash of the whole is found out at the end', async () => {
    const store = setting.store();
    await store.snapshot(files.slice(0, 1), {
      tamper: (lines) => lines.map((line) => (line.kind === 'entry' ? { kind: 'entry', entry: { ...line.entry, sha256: 'ab'.repeat(32) } } : line)),
    });
    expect(await failure(read('docs/large'))).toMatchObject({ code: 'OBJECT_DAMAGED', message: expect.stringContaining('the manifest is damaged') as string });
  });

  it('what is cold is thawed, and the same call goes on later', async () => {
    await build();
    const freezer = new Freezer();
    freezer.others = 'DEEP';
    const targets = [new ColdFolder('store', join(setting.folder, 'store'), freezer)];
    const thaw = { days: 7, pause: null, now: () => freezer.now, choose: async () => 'bulk' as const };
    expect(await failure(read('docs/large', { targets, thaw }))).toBeInstanceOf(ThawPending);
    freezer.pass(48);
    expect((await read('docs/large', { targets, thaw })).equals(whole)).toBe(true);
  });

  it('what turns out to be cold is thawed in the midst, and waited for', async () => {
    const [, , third = ''] = await build();
    const freezer = new Freezer();
    const target = new ColdFolder('store', join(setting.folder, 'store'), freezer);
    let isMoved = false;
    const pieces: Uint8Array[] = [];
    const write = async (bytes: Uint8Array): Promise<void> => {
      if (!isMoved) freezer.classes.set(third, 'COOL');
      isMoved = true;
      pieces.push(Uint8Array.from(bytes));
    };
    const pause = async (milliseconds: number): Promise<void> => freezer.pass(milliseconds / 3_600_000);
    await read('docs/large', { targets: [target], write, thaw: { days: 7, pause, now: () => freezer.now, choose: async () => 'expedited' } });
    expect(Buffer.concat(pieces).equals(whole)).toBe(true);
    expect(freezer.requests.map(({ name }) => name)).toEqual([third]);
  });
});
