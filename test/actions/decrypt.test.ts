/** Files as they were downloaded from a target: decoded, joined, checked, and written whole or not at all. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decrypt, type Decrypted, type DecryptOptions } from '../../src/actions/decrypt.ts';
import { BatError } from '../../src/core/errors.ts';
import { useSetting } from './restore-setting.ts';
import { newKey, noise, type StoreBuilder } from './store-builder.ts';

const setting = useSetting();
const content = noise(300_000, 'content');
const out = (): string => join(setting.folder, 'opened');

async function build(options: Parameters<typeof setting.store>[0] = {}): Promise<StoreBuilder> {
  const store = setting.store({ frameSize: 50_000, ...options });
  await store.snapshot([{ path: 'file', content }]);
  return store;
}

async function open(files: readonly string[], identities: string[] = [], options: Partial<DecryptOptions> = {}): Promise<Decrypted[]> {
  const done: Decrypted[] = [];
  await decrypt({ files, keys: { identities }, output: { folder: out(), extract: false }, done: (each) => done.push(each), signal: new AbortController().signal, ...options });
  return done;
}

async function failure(work: Promise<unknown>): Promise<BatError> {
  const error: unknown = await work.then(() => new Error('it did not fail'), (thrown: unknown) => thrown);
  if (!(error instanceof BatError)) throw error;
  return error;
}

/** Cuts a file into parts beside it, and removes it. Returns their paths. */
function cutInto(path: string, size: number, name = basename(path)): string[] {
  const bytes = fs.readFileSync(path);
  fs.rmSync(path);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => {
    const part = join(path, '..', `${name}.${String(index).padStart(3, '0')}`);
    fs.writeFileSync(part, bytes.subarray(index * size, (index + 1) * size));
    return part;
  });
}

const nothingIn = (folder: string): boolean => !fs.existsSync(folder) || fs.readdirSync(folder).length === 0;

describe('a downloaded object', () => {
  it.each([['zstd', true], ['zstd', false], ['gzip', true], ['gzip', false], ['none', true]] as const)('is opened by its suffixes: %s, sealed: %s', async (codec, sealed) => {
    const key = await newKey();
    const store = await build({ codec, recipients: sealed ? [key.recipient] : [] });
    const names = [store.volumeNames[0]!, ...fs.readdirSync(join(store.folder, 'manifests')).map((name) => `manifests/${name}`)];
    const opened = await open(names.map((name) => join(store.folder, name)), [key.identity]);
    expect(opened.map(({ output }) => basename(output))).toEqual([expect.stringMatching(/\.tar$/), expect.stringMatching(/\.jsonl$/)]);
    expect(execFileSync('tar', ['-xOf', opened[0]!.output, 'docs/file'], { maxBuffer: 2 ** 20 }).equals(content)).toBe(true);
    expect(fs.readFileSync(opened[1]!.output, 'utf8')).toMatch(/^\{"manifest":1,[^]*\n\{"end":.*\n$/);
    expect(await failure(open([join(store.folder, names[0]!)], [key.identity]))).toMatchObject({ code: 'USAGE', message: expect.stringContaining('is there already') as string });
  });

  it('is unpacked, or handed on as it comes', async () => {
    const store = await build();
    const volume = join(store.folder, store.volumeNames[0]!);
    await open([volume], [], { output: { folder: out(), extract: true } });
    expect(setting.tree(out())).toEqual(['docs', 'docs/file']);
    expect(fs.readFileSync(join(out(), 'docs/file')).equals(content)).toBe(true);
    const pieces: Uint8Array[] = [];
    await open([volume], [], { output: { write: async (bytes) => void pieces.push(Uint8Array.from(bytes)) } });
    expect(execFileSync('tar', ['-xOf', '-'], { input: Buffer.concat(pieces) }).equals(content)).toBe(true);
  });

  it('in parts is joined, whichever of them was named', async () => {
    const store = await build();
    const volume = join(store.folder, store.volumeNames[0]!);
    const parts = cutInto(volume, 100_000);
    expect(parts.length).toBe(4);
    const opened = await open([parts[2]!, parts[0]!]);
    expect(opened).toEqual([{ file: volume, output: join(out(), basename(volume).replace('.zst', '')), bytes: expect.any(Number) as number, parts: 4 }]);
    expect(execFileSync('tar', ['-xOf', opened[0]!.output]).equals(content)).toBe(true);
    fs.rmSync(out(), { recursive: true });
    expect(await open([volume])).toHaveLength(1);
  });

  it('in parts is joined as their list says, which also knows of the last ones', async () => {
    const store = await build();
    const volume = join(store.folder, store.volumeNames[0]!);
    const parts = cutInto(volume, 100_000, `${basename(volume)}.again-abc123`);
    fs.writeFileSync(`${volume}.000`, 'of an older upload');
    fs.writeFileSync(`${volume}.parts.json`, JSON.stringify({ parts: parts.map((part) => ({ name: basename(part), size: fs.statSync(part).size })) }));
    const [opened] = await open([`${volume}.parts.json`]);
    expect(opened).toMatchObject({ file: volume, parts: 4 });
    expect(execFileSync('tar', ['-xOf', opened!.output]).equals(content)).toBe(true);
    fs.rmSync(out(), { recursive: true });
    fs.rmSync(parts[3]!);
    expect(await failure(open([parts[0]!]))).toMatchObject({ code: 'OBJECT_MISSING', message: expect.stringContaining(basename(parts[3]!)) as string });
    fs.writeFileSync(parts[3]!, 'short');
    expect(await failure(open([parts[0]!]))).toMatchObject({ code: 'OBJECT_DAMAGED', message: expect.stringContaining('has 5 bytes') as string });
    expect(nothingIn(out())).toBe(true);
  });
});

describe('what is not as it was', () => {
  it('leaves nothing behind: a part in the midst, the end, a byte, the key', async () => {
    const key = await newKey();
    const store = await build({ recipients: [key.recipient] });
    const volume = join(store.folder, store.volumeNames[0]!);
    const bytes = fs.readFileSync(volume);
    expect(await failure(open([volume]))).toMatchObject({ code: 'KEY_MISSING' });
    expect(await failure(open([volume], [(await newKey()).identity]))).toMatchObject({ code: 'KEY_WRONG' });
    fs.writeFileSync(volume, bytes.subarray(0, -70_000));
    expect(await failure(open([volume], [key.identity]))).toMatchObject({ code: 'OBJECT_DAMAGED' });
    fs.writeFileSync(volume, Buffer.from(bytes.map((byte, index) => (index === 200_000 ? byte ^ 1 : byte))));
    expect(await failure(open([volume], [key.identity]))).toMatchObject({ code: 'OBJECT_DAMAGED' });
    fs.writeFileSync(volume, bytes);
    const parts = cutInto(volume, 100_000);
    fs.rmSync(parts[1]!);
    expect(await failure(open([parts[0]!], [key.identity]))).toMatchObject({ code: 'OBJECT_MISSING', message: expect.stringContaining(parts[1]!) as string });
    expect(nothingIn(out())).toBe(true);
  });

  it('is found out where only the content tells: a gzip that was cut off between two members', async () => {
    const store = await build({ codec: 'gzip' });
    const volume = join(store.folder, store.volumeNames[0]!);
    const bytes = fs.readFileSync(volume);
    const lastMember = bytes.lastIndexOf(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]));
    expect(lastMember).toBeGreaterThan(0);
    fs.writeFileSync(volume, bytes.subarray(0, lastMember));
    expect(await failure(open([volume]))).toMatchObject({ code: 'OBJECT_DAMAGED', message: expect.stringContaining('cut off') as string });
    fs.writeFileSync(volume, bytes.subarray(0, -100));
    expect(await failure(open([volume]))).toMatchObject({ code: 'OBJECT_DAMAGED' });
    expect(nothingIn(out())).toBe(true);
  });

  it('does not keep the others from being opened', async () => {
    const store = await build();
    const volume = join(store.folder, store.volumeNames[0]!);
    const copy = join(setting.folder, 'copy.tar.zst');
    fs.writeFileSync(copy, fs.readFileSync(volume).subarray(0, -50));
    expect(await failure(open([copy, volume]))).toMatchObject({ code: 'OBJECT_DAMAGED', message: expect.stringContaining('copy.tar.zst') as string });
    expect(fs.readdirSync(out())).toEqual([basename(volume).replace('.zst', '')]);
    expect(await failure(open([join(setting.folder, 'none.age'), join(setting.folder, 'plain')]))).toMatchObject({ message: expect.stringMatching(/^2 of 2 objects/) as string });
  });
});
