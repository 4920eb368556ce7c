/** A folder as one tar: what it holds, how often its bytes are fetched, and what becomes of it where something is missing. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dump, type DumpOptions } from '../../src/actions/dump.ts';
import { BatError } from '../../src/core/errors.ts';
import { useSetting } from './restore-setting.ts';
import { noise, type FolderTarget, type Given } from './store-builder.ts';

const setting = useSetting();
const small = Array.from({ length: 20 }, (_, index) => noise(4000, `small ${index}`));
const parts = Array.from({ length: 6 }, (_, index) => noise(30_000, `part ${index}`));
/** In an order that is not that of the volumes: the names go backwards. */
const files: Given[] = [
  { path: 'sub' },
  { path: 'sub/large', content: parts },
  ...small.map((content, index) => ({ path: `${String(99 - index)}`, content })),
  { path: 'sub/again', content: [parts[5]!, parts[0]!] },
  { path: 'sub/copy', content: small[3]! },
  { path: 'sub/empty', content: '' },
  { path: 'a link', type: 'hardlink', link: 'sub/large' },
  { path: 'symbolic', type: 'symlink', link: '../elsewhere' },
];

async function build(name = 'store', given: Given[] = files): Promise<string[]> {
  const store = setting.store({ volumeSize: 70_000, frameSize: 16_384 }, name);
  await store.snapshot(given);
  return store.volumeNames;
}

/** Unpacked by tar, which must find nothing to say about it. */
async function unpack(path: string, options: Partial<DumpOptions> = {}): Promise<{ folder: string; error: unknown }> {
  const pieces: Uint8Array[] = [];
  const error: unknown = await dump({
    targets: [setting.target()], snapshot: 'latest', path, keys: { identities: [] },
    write: async (bytes) => void pieces.push(Uint8Array.from(bytes)),
    thaw: { days: 7, pause: null, now: () => new Date(), choose: async () => 'bulk' },
    emit: (event) => setting.events.push(event), signal: new AbortController().signal, ...options,
  }).catch((thrown: unknown) => thrown);
  const folder = fs.mkdtempSync(join(setting.folder, 'unpacked-'));
  execFileSync('tar', ['-xf', '-', '-C', folder], { input: Buffer.concat(pieces), stdio: ['pipe', 'pipe', 'inherit'] });
  return { folder, error };
}

const fetched = ({ reads }: FolderTarget): number => reads.reduce((sum, [name, , length]) => sum + (name.startsWith('volumes/') ? length : 0), 0);

describe('a dump', () => {
  it('holds the folder, and its bytes are fetched once', async () => {
    const names = await build();
    const target = setting.target();
    const { folder, error } = await unpack('docs', { targets: [target] });
    expect(error).toBeUndefined();
    for (const [index, content] of small.entries()) expect(fs.readFileSync(join(folder, 'docs', String(99 - index))).equals(content)).toBe(true);
    expect(fs.readFileSync(join(folder, 'docs/sub/large')).equals(Buffer.concat(parts))).toBe(true);
    expect(fs.readFileSync(join(folder, 'docs/sub/again')).equals(Buffer.concat([parts[5]!, parts[0]!]))).toBe(true);
    expect(fs.readFileSync(join(folder, 'docs/sub/copy')).equals(small[3]!)).toBe(true);
    expect(fs.statSync(join(folder, 'docs/a link')).ino).toBe(fs.statSync(join(folder, 'docs/sub/large')).ino);
    expect(fs.readlinkSync(join(folder, 'docs/symbolic'))).toBe('../elsewhere');
    const stored = names.reduce((sum, name) => sum + fs.statSync(join(setting.folder, 'store', name)).size, 0);
    // The large file that takes chunks of another one is fetched for itself, and so are frames that two kinds of files share.
    expect(fetched(target)).toBeLessThan(stored + 60_000 + 4 * 16_384);
  });

  it('of a folder has what is below it, and a link whose file is elsewhere as the file', async () => {
    await build('store', [...files, { path: 'subject', content: 'not in it' }, { path: 'sub/link', type: 'hardlink', link: '99' }]);
    const { folder } = await unpack('docs/sub/');
    expect(setting.tree(folder)).toEqual(['docs', 'docs/sub', 'docs/sub/again', 'docs/sub/copy', 'docs/sub/empty', 'docs/sub/large', 'docs/sub/link']);
    expect(fs.readFileSync(join(folder, 'docs/sub/link')).equals(small[0]!)).toBe(true);
  });

  it('takes from another target what one does not give', async () => {
    const [, second = ''] = await build();
    await build('other');
    fs.rmSync(join(setting.folder, 'store', second));
    const { folder, error } = await unpack('docs', { targets: [setting.target('store'), setting.target('other')] });
    expect(error).toBeUndefined();
    expect(fs.readFileSync(join(folder, 'docs/sub/large')).equals(Buffer.concat(parts))).toBe(true);
  });

  it('says what is missing, and is whole for all that: small files are left out, of large ones zeros stand in their place', async () => {
    const names = await build();
    for (const name of [names[0]!, names.at(-1)!]) fs.rmSync(join(setting.folder, 'store', name));
    const { folder, error } = await unpack('docs');
    expect(error).toBeInstanceOf(BatError);
    expect((error as BatError).code).toBe('RESTORE_INCOMPLETE');
    const failed = setting.events.flatMap((event) => (event.type === 'issue' && event.issue.kind === 'unread' ? [event.issue.path] : []));
    expect(failed).toContain('sub/large');
    const large = fs.readFileSync(join(folder, 'docs/sub/large'));
    expect(large.length).toBe(180_000);
    expect(large.subarray(60_000, 90_000).equals(parts[2]!)).toBe(true);
    expect(large.subarray(0, 30_000).every((byte) => byte === 0)).toBe(true);
    const lost = failed.filter((path) => !path!.includes('/'));
    expect(lost.length).toBeGreaterThan(0);
    for (const path of lost) expect(fs.existsSync(join(folder, 'docs', path!))).toBe(false);
    expect(setting.tree(join(folder, 'docs')).filter((path) => /^\d\d$/.test(path))).toHaveLength(20 - lost.length);
  });

  it('has nothing of what leads out of it', async () => {
    await build('store', [{ path: '../out', content: 'evil' }, { path: 'link', type: 'symlink', link: '/etc' }, { path: 'link/below', content: 'evil' }, { path: 'good', content: 'good' }]);
    const { folder, error } = await unpack('docs');
    expect(setting.tree(folder)).toEqual(['docs', 'docs/good', 'docs/link']);
    expect(error).toMatchObject({ code: 'RESTORE_INCOMPLETE', message: expect.stringContaining('2 entries of docs') as string });
  });
});
