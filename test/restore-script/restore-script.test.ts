/** The reader that lies on each target gives the same tree as bat does, and trusts a store as little. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { Encrypter } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import type { ManifestLine } from '../../src/volume/manifest.ts';
import { programOrNull, useSetting } from '../actions/restore-setting.ts';
import { newKey, noise, type Given } from '../actions/store-builder.ts';

const setting = useSetting();
const script = join(import.meta.dirname, '../../assets/restore.py');
const missing = ['python3', 'age', 'zstd', 'rsync'].filter((name) => !programOrNull(name));
if (missing.length > 0 && process.env['BAT_NO_SKIP']) throw new Error(`these programs are needed: ${missing.join(', ')}`);
if (missing.length > 0) console.warn(`restore.py is not tested: ${missing.join(', ')} not found`);

interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

function run(...parameters: string[]): Outcome {
  const { status, stdout, stderr, error } = spawnSync('python3', [script, '--store', join(setting.folder, 'store'), '--to', join(setting.folder, 'py'), ...parameters], { encoding: 'utf8', cwd: setting.folder });
  if (error) throw error;
  return { status, stdout, stderr };
}

/** What rsync would change to make one folder as the other: nothing. */
function differences(): string {
  for (const folder of [setting.to, join(setting.folder, 'py')]) {
    // The folders that no snapshot knows: they have the time when they were made.
    for (const inner of [...fs.readdirSync(folder), '.']) fs.utimesSync(join(folder, inner), 0, 0);
  }
  const { status, stdout, stderr } = spawnSync('rsync', ['-aHn', '--checksum', '--itemize-changes', '--delete', '--no-D', '--specials', `${setting.to}/`, `${join(setting.folder, 'py')}/`], { encoding: 'utf8' });
  return status === 0 ? stdout : `rsync left with ${status}: ${stderr}`;
}

function keyFile(identity: string): string {
  const path = join(setting.folder, 'key.txt');
  fs.writeFileSync(path, `# a comment\n${identity}\n`);
  return path;
}

const [one, two, three] = [noise(70_000, '1'), noise(50_000, '2'), noise(30_000, '3')];
const tree: Given[] = [
  { path: 'deep', mode: 0o750 },
  { path: 'deep/read-only', mode: 0o555, mtime: '1500000000.000000001' },
  { path: 'deep/read-only/file', content: 'hello', mode: 0o4751, mtime: '1600000000.999999999', uid: 1234, gid: 4321 },
  { path: 'old', content: 'before 1970', mtime: '-1.500000000' },
  { path: 'empty', content: '' },
  { path: 'copy', content: 'hello' },
  { path: 'large', content: [one, two, three] },
  { path: 'large, moved around', content: [three, one, two, one] },
  { path: 'holes', content: [one, Buffer.alloc(900_000), two, Buffer.alloc(100_000)], sparse: true },
  { path: 'caf\udce9' },
  { path: 'caf\udce9/\udcff\nx', content: 'odd' },
  { path: 'hard', type: 'hardlink', link: 'caf\udce9/\udcff\nx' },
  { path: 'link', type: 'symlink', link: '../../no/where', uid: 77, gid: 78 },
  { path: 'odd link', type: 'symlink', link: '\udcfe' },
  { path: 'pipe', type: 'fifo', mode: 0o620 },
];

describe.skipIf(missing.length > 0)('restore.py', () => {
  it.each([
    ['zstd', true, true], ['gzip', true, true], ['none', true, true], ['zstd', false, true], ['gzip', false, true], ['none', false, true], ['zstd', true, false], ['none', false, false],
  ] as const)('gives the same tree as bat, with %s, sealed: %s, tar: %s', async (codec, sealed, tar) => {
    const key = await newKey();
    const store = setting.store({ codec, tar, volumeSize: 150_000, ...(sealed ? { recipients: [key.recipient] } : {}) });
    await store.snapshot(tree);
    await setting.restore({ keys: { identities: [key.identity] } });
    const outcome = sealed ? run('--identity', keyFile(key.identity)) : run();
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(differences()).toBe('');
    const file = fs.statSync(join(setting.folder, 'py/docs/deep/read-only/file'), { bigint: true });
    expect(file.mtimeNs).toBe(1_600_000_000_999_999_999n);
    expect(fs.statSync(join(setting.folder, 'py/docs/holes')).blocks * 512).toBeLessThan(300_000);
  });

  it('gives any snapshot of a chain, and every source', async () => {
    const store = setting.store({ volumeSize: 2000 });
    const first = await store.snapshot([{ path: 'a', content: 'a1' }, { path: 'b' }, { path: 'b/c', content: 'c1' }]);
    const second = await store.snapshot([{ path: 'a', content: 'a2' }, { path: 'renamed', content: 'c1' }], { run: '20260102-000000-aaaa', base: first, removed: ['b', 'b/c'] });
    await store.snapshot([{ path: 'b', content: 'now a file' }], { run: '20260103-000000-aaaa', base: second });
    await store.snapshot([{ path: 'x', content: 'a1' }], { source: 'photos' });
    await setting.restore();
    expect(run().status).toBe(0);
    expect(differences()).toBe('');
    expect(run('--list').stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['20260101-000000-aaaa-docs', '20260101-000000-aaaa-photos', '20260102-000000-aaaa-docs', '20260103-000000-aaaa-docs', '']);
    fs.rmSync(join(setting.folder, 'py'), { recursive: true });
    fs.rmSync(setting.to, { recursive: true });
    await setting.restore({ snapshot: '20260101', sources: ['docs'] });
    expect(run('--snapshot', '20260101', '--source', 'docs').status).toBe(0);
    expect(differences()).toBe('');
    expect(fs.readdirSync(join(setting.folder, 'py'))).toEqual(['docs']);
  });

  it.each(['zstd', 'gzip', 'none'] as const)('joins objects that a target keeps in parts, with %s', async (codec) => {
    const key = await newKey();
    const store = setting.store({ codec, recipients: [key.recipient] });
    await store.snapshot(tree);
    await setting.restore({ keys: { identities: [key.identity] } });
    for (const name of [...store.volumeNames, `manifests/20260101-000000-aaaa-docs.jsonl${store.suffix}`]) {
      const path = join(store.folder, name);
      const bytes = fs.readFileSync(path);
      const size = Math.ceil(bytes.length / 12);
      for (let part = 0; part * size < bytes.length; part++) fs.writeFileSync(`${path}.${String(part).padStart(3, '0')}`, bytes.subarray(part * size, (part + 1) * size));
      fs.rmSync(path);
    }
    expect(run('--identity', keyFile(key.identity))).toMatchObject({ status: 0, stderr: '' });
    expect(differences()).toBe('');
  });

  it('asks for the passphrase of a key that lies on the target', async () => {
    const key = await newKey();
    const store = setting.store({ recipients: [key.recipient], volumeSize: 150_000 });
    await store.snapshot(tree);
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(10);
    encrypter.setPassphrase('open sesame');
    fs.mkdirSync(join(store.folder, 'keys'));
    fs.writeFileSync(join(store.folder, 'keys/x.age'), await encrypter.encrypt(key.identity));
    await setting.restore({ keys: { identities: [key.identity] } });
    const typed = (passphrase: string): Outcome =>
      spawnSync('python3', [join(import.meta.dirname, 'type-passphrase.py'), passphrase, 'python3', script, '--store', store.folder, '--to', join(setting.folder, 'py')], { encoding: 'utf8', input: '' });
    expect(typed('wrong').status).toBe(12);
    fs.rmSync(join(setting.folder, 'py'), { recursive: true, force: true });
    expect(typed('open sesame')).toMatchObject({ status: 0 });
    expect(differences()).toBe('');
  });

  it('says what is wrong with a key, a choice, a place', async () => {
    const [key, other] = [await newKey(), await newKey()];
    const store = setting.store({ recipients: [key.recipient] });
    expect(run()).toMatchObject({ status: 10 });
    await store.snapshot(tree);
    expect(run()).toMatchObject({ status: 12, stderr: expect.stringContaining('--identity') });
    expect(run('--identity', keyFile(other.identity))).toMatchObject({ status: 12, stderr: expect.stringContaining('key') });
    expect(run('--identity', '/no/such/key')).toMatchObject({ status: 12 });
    expect(run('--snapshot', '2027')).toMatchObject({ status: 10 });
    expect(run('--source', 'nope')).toMatchObject({ status: 10, stderr: expect.stringContaining('docs') });
    expect(run('--nonsense')).toMatchObject({ status: 2 });
    fs.rmSync(join(setting.folder, 'py'), { recursive: true, force: true });
    fs.mkdirSync(join(setting.folder, 'py/docs'), { recursive: true });
    fs.writeFileSync(join(setting.folder, 'py/docs/mine'), 'mine');
    expect(run('--identity', keyFile(key.identity))).toMatchObject({ status: 2, stderr: expect.stringContaining('not an empty folder') });
    expect(fs.readdirSync(join(setting.folder, 'py/docs'))).toEqual(['mine']);
  });

  it.each([
    ['zstd', true], ['gzip', true], ['none', true], ['zstd', false], ['gzip', false], ['none', false],
  ] as const)('gives no wrong byte of a damaged volume, and the rest, with %s, sealed: %s', async (codec, sealed) => {
    const key = await newKey();
    const store = setting.store({ codec, volumeSize: 100_000, ...(sealed ? { recipients: [key.recipient] } : {}) });
    await store.snapshot([{ path: 'one', content: one }, { path: 'two', content: two }, { path: 'three', content: three }, { path: 'all', content: [one, two, three] }]);
    const volume = join(store.folder, store.volumeNames[1]!);
    const bytes = fs.readFileSync(volume);
    bytes[bytes.length >> 1]! ^= 1;
    fs.writeFileSync(volume, bytes);
    const outcome = run('--identity', keyFile(key.identity));
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining(store.volumeNames[1]!) });
    const there = fs.readdirSync(join(setting.folder, 'py/docs'));
    expect(there).toContain('one');
    expect(there).not.toContain('all');
    for (const name of there) expect(fs.readFileSync(join(setting.folder, 'py/docs', name)).equals({ one, two, three }[name]!), name).toBe(true);
    fs.rmSync(volume);
    fs.rmSync(join(setting.folder, 'py'), { recursive: true });
    expect(run('--identity', keyFile(key.identity))).toMatchObject({ status: 1, stderr: expect.stringContaining('is missing') });
  });

  it('names a manifest that is damaged', async () => {
    const store = setting.store();
    await store.snapshot(tree);
    const manifest = join(store.folder, 'manifests/20260101-000000-aaaa-docs.jsonl.zst');
    fs.truncateSync(manifest, 300);
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('20260101-000000-aaaa-docs.jsonl.zst is damaged') });
  });

  it('takes no manifest for whole that was cut off between two lines', async () => {
    const store = setting.store({ codec: 'none' });
    await store.snapshot(tree);
    const manifest = join(store.folder, 'manifests/20260101-000000-aaaa-docs.jsonl');
    const lines = fs.readFileSync(manifest, 'utf8').trimEnd().split('\n');
    for (const left of [lines.slice(0, -1), [...lines.slice(0, -2), lines.at(-1)!]]) {
      fs.writeFileSync(manifest, `${left.join('\n')}\n`);
      expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('not whole') });
    }
  });

  it('makes no file of chunks in another order than its hash says', async () => {
    const tamper = (lines: ManifestLine[]): ManifestLine[] => {
      for (const line of lines) if (line.kind === 'entry') line.entry.chunks!.reverse();
      return lines;
    };
    await setting.store().snapshot([{ path: 'a', content: [one, two] }], { tamper });
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('the manifest is damaged') });
    expect(fs.readdirSync(join(setting.folder, 'py/docs'))).toEqual([]);
  });

  it('refuses what leads out, and restores the rest', async () => {
    const outside = join(setting.folder, 'outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(join(outside, 'victim'), 'untouched');
    const before = JSON.stringify(fs.statSync(join(outside, 'victim')));
    const evil: Given[] = [
      { path: '../outside/victim', content: 'evil' }, { path: `${outside}/absolute`, content: 'evil' }, { path: 'a/../../../outside/new', content: 'evil' }, { path: '', type: 'directory', mode: 0 },
      { path: 'link', type: 'symlink', link: outside }, { path: 'link/victim', content: 'evil' }, { path: 'link/sub', type: 'directory' }, { path: 'link/hard', type: 'hardlink', link: 'good' },
      { path: 'hard', type: 'hardlink', link: '../../outside/victim' }, { path: 'twice', type: 'directory' }, { path: 'twice', type: 'symlink', link: outside }, { path: 'twice/victim', content: 'evil' },
      { path: 'file', content: 'f' }, { path: 'file/below', content: 'evil' }, { path: 'a\0b', content: 'evil' },
    ];
    await setting.store().snapshot([{ path: 'good', content: 'good' }, ...evil]);
    const outcome = run();
    expect(outcome).toMatchObject({ status: 1 });
    expect(outcome.stderr.match(/^not restored: /gm)).toHaveLength(12);
    expect(fs.readdirSync(join(setting.folder, 'py/docs')).sort()).toEqual(['file', 'good', 'link']);
    expect([fs.readdirSync(outside), JSON.stringify(fs.statSync(join(outside, 'victim')))]).toEqual([['victim'], before]);
  });
});
