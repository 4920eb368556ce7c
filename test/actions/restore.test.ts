import fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useSetting } from './restore-setting.ts';
import { newKey, noise } from './store-builder.ts';

const setting = useSetting();

describe('what comes back', () => {
  it.each([
    ['zstd', true, true], ['gzip', true, true], ['none', true, true],
    ['zstd', false, true], ['gzip', false, true], ['none', false, true],
    ['zstd', true, false], ['none', false, false],
  ] as const)('is what was stored, with %s, sealed: %s, tar: %s', async (codec, sealed, tar) => {
    const key = await newKey();
    const store = setting.store({ codec, tar, volumeSize: 300_000, ...(sealed ? { recipients: [key.recipient] } : {}) });
    const parts = [noise(150_000, 'a'), noise(90_000, 'b'), noise(70_000, 'c')];
    await store.snapshot([
      { path: 'deep' },
      { path: 'deep/er', mode: 0o555, mtime: '1500000000.000000000' },
      { path: 'deep/er/small.txt', content: 'hello', mode: 0o600, mtime: '-86400.500000000' },
      { path: 'empty', content: '' },
      { path: 'large', content: [parts[0]!, parts[1]!, parts[2]!] },
      { path: 'large backwards', content: [parts[2]!, parts[1]!, parts[0]!, parts[2]!] },
      { path: 'copy', content: 'hello' },
      { path: 'nearly', content: 'hello', mtime: '1600000000.999999999' },
    ]);
    const summary = await setting.restore({ keys: { identities: sealed ? [key.identity] : [] } });
    expect(summary).toMatchObject({ files: 6, bytes: 15 + 310_000 + 380_000, failed: 0, skipped: 0 });
    expect(setting.tree()).toEqual(['copy', 'deep', 'deep/er', 'deep/er/small.txt', 'empty', 'large', 'large backwards', 'nearly']);
    expect(setting.read('deep/er/small.txt')).toBe('hello');
    expect(setting.read('empty')).toBe('');
    expect(fs.readFileSync(setting.path('large')).equals(Buffer.concat(parts))).toBe(true);
    expect(fs.readFileSync(setting.path('large backwards')).equals(Buffer.concat([parts[2]!, parts[1]!, parts[0]!, parts[2]!]))).toBe(true);
    const small = fs.statSync(setting.path('deep/er/small.txt'), { bigint: true });
    expect([small.mode & 0o7777n, small.mtimeNs]).toEqual([0o600n, -86_400_500_000_000n]);
    const folder = fs.statSync(setting.path('deep/er'), { bigint: true });
    expect([folder.mode & 0o7777n, folder.mtimeNs]).toEqual([0o555n, 1_500_000_000_000_000_000n]);
    const offBy = fs.statSync(setting.path('copy'), { bigint: true }).mtimeNs - 1_700_000_000_123_456_789n;
    expect(offBy > -1000n && offBy < 1000n).toBe(true);
    expect(fs.statSync(setting.path('nearly'), { bigint: true }).mtimeNs / 1_000_000_000n).toBe(1_600_000_000n);
  });

  it('keeps names that are not text, links of every kind, and fifos', async () => {
    const odd = `caf\udce9/\udcff`;
    await setting.store().snapshot([
      { path: `caf\udce9` },
      { path: odd, content: 'odd' },
      { path: `caf\udce9/pipe`, type: 'fifo', mode: 0o620 },
      { path: 'new\nline "quoted" \\', content: 'x' },
      { path: 'dangling', type: 'symlink', link: '../../else/where' },
      { path: 'bytes', type: 'symlink', link: '\udcfe' },
      { path: 'hard', type: 'hardlink', link: odd },
    ]);
    await setting.restore();
    const folder = Buffer.concat([Buffer.from(`${setting.path()}/caf`), Buffer.from([0xe9])]);
    const file = Buffer.concat([folder, Buffer.from([0x2f, 0xff])]);
    expect(fs.readFileSync(file, 'utf8')).toBe('odd');
    expect(setting.read('new\nline "quoted" \\')).toBe('x');
    expect(fs.readlinkSync(setting.path('dangling'))).toBe('../../else/where');
    expect(fs.readlinkSync(setting.path('bytes'), 'buffer')).toEqual(Buffer.from([0xfe]));
    expect(fs.statSync(setting.path('hard')).ino).toBe(fs.statSync(file).ino);
    const pipe = fs.lstatSync(Buffer.concat([folder, Buffer.from('/pipe')]));
    expect([pipe.isFIFO(), pipe.mode & 0o777]).toEqual([true, 0o620]);
    expect(Math.floor(fs.lstatSync(setting.path('dangling')).mtimeMs / 1000)).toBe(1_700_000_000);
  });

  it('leaves holes where a file had them', async () => {
    const zeros = Buffer.alloc(1_000_000);
    await setting.store().snapshot([
      { path: 'parts', content: [noise(5000, 'start'), zeros, zeros, noise(5000, 'end'), zeros], sparse: true },
      { path: 'one', content: Buffer.concat([noise(100, 'x'), Buffer.alloc(500_000)]), sparse: true },
      { path: 'dense', content: zeros },
    ]);
    await setting.restore();
    const expected = Buffer.concat([noise(5000, 'start'), zeros, zeros, noise(5000, 'end'), zeros]);
    expect(fs.readFileSync(setting.path('parts')).equals(expected)).toBe(true);
    expect(fs.statSync(setting.path('parts')).blocks * 512).toBeLessThan(100_000);
    expect(fs.statSync(setting.path('one'))).toMatchObject({ size: 500_100 });
    expect(fs.statSync(setting.path('one')).blocks * 512).toBeLessThan(100_000);
    expect(fs.statSync(setting.path('dense')).blocks * 512).toBeGreaterThanOrEqual(1_000_000);
  });

  it('is laid over the manifests that it refers to, whichever volumes they number', async () => {
    const store = setting.store({ volumeSize: 2000 });
    const first = await store.snapshot([{ path: 'a', content: 'a1' }, { path: 'b', content: 'b1' }, { path: 'c' }, { path: 'c/d', content: 'd1' }]);
    const second = await store.snapshot([{ path: 'a', content: 'a2' }, { path: 'e', content: 'e1' }], { run: '20260102-000000-aaaa', base: first, removed: ['b'] });
    await store.snapshot([{ path: 'c', type: 'file', content: 'now a file' }], { run: '20260103-000000-aaaa', base: second, removed: ['c/d'] });
    await setting.restore();
    expect(setting.tree()).toEqual(['a', 'c', 'e']);
    expect(['a', 'c', 'e'].map((path) => setting.read(path))).toEqual(['a2', 'now a file', 'e1']);
    await setting.restore({ snapshot: first, destination: { kind: 'folder', path: join(setting.folder, 'old'), perSource: false } });
    expect(setting.tree(join(setting.folder, 'old'))).toEqual(['a', 'b', 'c', 'c/d']);
    expect(fs.readFileSync(join(setting.folder, 'old/a'), 'utf8')).toBe('a1');
  });

  it('is every source of the run, each in its folder', async () => {
    const store = setting.store();
    await store.snapshot([{ path: 'same', content: 'shared' }]);
    await store.snapshot([{ path: 'same', content: 'shared' }, { path: 'other', content: 'mine' }], { source: 'photos' });
    const target = setting.target();
    const summary = await setting.restore({ targets: [target] });
    expect(summary.snapshots.map(({ source }) => source)).toEqual(['docs', 'photos']);
    expect(setting.tree(setting.to)).toEqual(['docs', 'docs/same', 'photos', 'photos/other', 'photos/same']);
    const volumeReads = target.reads.filter(([name]) => name.startsWith('volumes/'));
    expect(new Set(volumeReads.map(String)).size).toBe(volumeReads.length);
    await expect(setting.restore({ destination: { kind: 'folder', path: setting.to, perSource: false } })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('can be many large files that all wait for their last chunk', async () => {
    const store = setting.store();
    const parts = (index: number): [Buffer, Buffer] => [noise(3000, `start ${index}`), noise(3000, `end ${index}`)];
    const numbers = Array.from({ length: 80 }, (_, index) => index);
    await store.snapshot(numbers.map((index) => ({ path: `first half ${index}`, content: parts(index)[0] })));
    await store.snapshot(numbers.map((index) => ({ path: `${index}`, content: parts(index) })), { run: '20260102-000000-aaaa' });
    let most = 0;
    const target = setting.target();
    target.onRead = () => (most = Math.max(most, fs.readdirSync('/proc/self/fd').length));
    const before = fs.readdirSync('/proc/self/fd').length;
    await setting.restore({ targets: [target] });
    for (const index of numbers) expect(fs.readFileSync(setting.path(`${index}`)).equals(Buffer.concat(parts(index)))).toBe(true);
    expect(setting.tree()).toHaveLength(80);
    expect(most - before).toBeLessThan(50);
  });

  it('goes back to where the sources are read from', async () => {
    const [one, two] = [join(setting.folder, 'one'), join(setting.folder, 'two')];
    fs.mkdirSync(two);
    fs.writeFileSync(join(two, 'mine'), 'stays');
    await setting.store().snapshot([
      { path: 'one' }, { path: 'one/a', content: 'A' }, { path: 'two' }, { path: 'two/b', content: 'B' }, { path: 'hosts' }, { path: 'hosts/etc-hosts', content: 'H' },
      { path: 'gone', content: 'no root' },
    ]);
    const roots = [{ prefix: 'one', path: one }, { prefix: 'two', path: two }, { prefix: 'hosts', path: join(setting.folder, 'etc-hosts') }];
    const error = await setting.incomplete({ destination: { kind: 'in-place', roots: new Map([['docs', roots]]) } });
    expect(error.result.failures).toEqual([{ path: 'docs/gone', message: expect.stringContaining('none of the folders') }]);
    expect(['one/a', 'two/b', 'two/mine', 'etc-hosts'].map((path) => fs.readFileSync(join(setting.folder, path), 'utf8'))).toEqual(['A', 'B', 'stays', 'H']);
    await expect(setting.restore({ destination: { kind: 'in-place', roots: new Map() } })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('reading only what is needed', () => {
  it('fetches the frames of the wanted file, and says before how much that is', async () => {
    const store = setting.store({ frameSize: 10_000 });
    await store.snapshot(Array.from({ length: 20 }, (_, index) => ({ path: `file${index}`, content: noise(9000, `f${index}`) })));
    const size = fs.statSync(join(store.folder, store.volumeNames[0]!)).size;
    const planned = await setting.restore({ patterns: ['file7'], dryRun: true });
    expect(fs.existsSync(setting.to)).toBe(false);
    const done = await setting.restore({ patterns: ['file7'] });
    expect(planned).toMatchObject({ files: 1, bytes: 9000, objects: 1, fetched: done.fetched });
    expect(done.fetched).toBeLessThan(size / 8);
    expect(setting.tree()).toEqual(['file7']);
    expect((await setting.restore({ patterns: ['file1', 'file18'] })).fetched).toBeLessThan(size / 4);
  });

  it.each([['zstd', true], ['zstd', false], ['gzip', true], ['none', true]] as const)('says before what it will fetch, to the byte and the read: %s, sealed: %s', async (codec, sealed) => {
    const key = await newKey();
    const store = setting.store({ codec, frameSize: 100_000, volumeSize: 900_000, recipients: sealed ? [key.recipient] : [] });
    await store.snapshot(Array.from({ length: 50 }, (_, index) => ({ path: `${index % 7 === 0 ? 'yes' : 'no'}${index}`, content: noise(90_000, `f${index}`) })));
    const target = setting.target();
    const options = { targets: [target], patterns: ['yes*'], keys: { identities: [key.identity] } };
    const planned = await setting.restore({ ...options, dryRun: true });
    target.reads.length = 0;
    await setting.restore(options);
    const reads = target.reads.filter(([name]) => name.startsWith('volumes/'));
    const bytes = reads.reduce((sum, [, , length]) => sum + length, 0);
    expect(planned.reads).toEqual([{ target: 'store', objects: store.volumeNames.length, reads: reads.length, bytes }]);
  });

  it('reads no frame twice, whatever is left out between', async () => {
    const store = setting.store({ frameSize: 10_000 });
    await store.snapshot(Array.from({ length: 60 }, (_, index) => ({ path: `${index % 3 === 0 ? 'yes' : 'no'}${index}`, content: noise(1000, `f${index}`) })));
    const target = setting.target();
    await setting.restore({ targets: [target], patterns: ['yes*'] });
    const reads = target.reads.filter(([name]) => name.startsWith('volumes/'));
    expect(reads.length).toBeLessThan(5);
    expect(setting.tree()).toHaveLength(20);
  });
});

describe('patterns', () => {
  const entries = [
    { path: 'a' }, { path: 'a/b' }, { path: 'a/b/one.jpg', content: '1' }, { path: 'a/two.jpg', content: '2' }, { path: 'a/[odd].txt', content: '3' },
    { path: 'ab', content: '4' }, { path: 'three.JPG', content: '5' }, { path: '.hidden.jpg', content: '6' },
  ];
  it.each([
    [['a/b'], ['a', 'a/b', 'a/b/one.jpg']],
    [['./a/'], ['a', 'a/[odd].txt', 'a/b', 'a/b/one.jpg', 'a/two.jpg']],
    [['*.jpg'], ['.hidden.jpg', 'a', 'a/b', 'a/b/one.jpg', 'a/two.jpg']],
    [['/*.jpg'], ['.hidden.jpg']],
    [['a/*'], ['a', 'a/[odd].txt', 'a/b', 'a/b/one.jpg', 'a/two.jpg']],
    [['a/[odd].txt'], ['a', 'a/[odd].txt']],
    [['docs/ab', '**/two.*'], ['a', 'a/two.jpg', 'ab']],
    [['docs'], ['.hidden.jpg', 'a', 'a/[odd].txt', 'a/b', 'a/b/one.jpg', 'a/two.jpg', 'ab', 'three.JPG']],
  ])('%j selects what it says', async (patterns, expected) => {
    await setting.store().snapshot(entries);
    await setting.restore({ patterns });
    expect(setting.tree()).toEqual(expected);
  });

  it('gives folders on the way their attributes, and leaves those that are there alone', async () => {
    await setting.store().snapshot([{ path: 'old', mode: 0o711 }, { path: 'old/new', mode: 0o711 }, { path: 'old/new/x', content: 'x' }]);
    fs.mkdirSync(setting.path('old'), { recursive: true });
    fs.chmodSync(setting.path('old'), 0o750);
    await setting.restore({ patterns: ['old/new/x'] });
    expect([fs.statSync(setting.path('old')).mode & 0o777, fs.statSync(setting.path('old/new')).mode & 0o777]).toEqual([0o750, 0o711]);
  });

  it.each([{ patterns: ['z*'] }, { patterns: ['z1', 'docs/z2'] }])('restores the data of a hard link whose first name was not asked for: $patterns', async ({ patterns }) => {
    await setting.store().snapshot([
      { path: 'first', content: 'data' }, { path: 'x', content: 'x' }, { path: 'z1', type: 'hardlink', link: 'first' }, { path: 'z2', type: 'hardlink', link: 'first' },
    ]);
    const summary = await setting.restore({ patterns });
    expect(setting.tree()).toEqual(['z1', 'z2']);
    expect(setting.read('z2')).toBe('data');
    expect(fs.statSync(setting.path('z1')).nlink).toBe(2);
    expect(summary).toMatchObject({ files: 2, bytes: 4 });
  });

  it('refuses a path below a file of the snapshot, however it is asked for', async () => {
    await setting.store().snapshot([{ path: 'good', content: 'good' }, { path: 'a', content: 'a' }, { path: 'a/b', content: 'b' }]);
    for (const path of ['a/b', 'docs/a/b', '*/b']) {
      const { result: summary } = await setting.incomplete({ patterns: [path, 'good'] });
      expect(summary.failures).toMatchObject([{ path: 'docs/a/b', message: expect.stringContaining('as a file, not as a folder') }]);
      expect(setting.tree()).toEqual(['good']);
    }
  });

  it('takes a path from the snapshot or from its base, as it is there last', async () => {
    const store = setting.store();
    const base = await store.snapshot([{ path: 'a', content: 'old' }, { path: 'b', content: 'b' }, { path: 'c', content: 'c' }, { path: 'd', content: 'd' }]);
    await store.snapshot([{ path: 'a', content: 'new' }, { path: 'c', type: 'directory' }, { path: 'c/e', content: 'e' }], { run: '20260102-000000-aaaa', base, removed: ['d'] });
    await setting.restore({ patterns: ['a', 'b', 'c/e'] });
    expect(setting.tree()).toEqual(['a', 'b', 'c', 'c/e']);
    expect([setting.read('a'), setting.read('b'), setting.read('c/e')]).toEqual(['new', 'b', 'e']);
  });

  it('of a folder goes back into it, though nothing else is asked for and it bears the name of the folder', async () => {
    await setting.store().snapshot([{ path: 'docs', content: 'a' }, { path: 'other', content: 'b' }]);
    const roots = new Map([['docs', [{ prefix: '', path: join(setting.folder, 'docs') }]]]);
    await setting.restore({ patterns: ['docs/docs'], destination: { kind: 'in-place', roots } });
    expect(fs.readFileSync(join(setting.folder, 'docs/docs'), 'utf8')).toBe('a');
  });

  it('says which pattern selects nothing', async () => {
    await setting.store().snapshot([{ path: 'a', content: 'a' }]);
    await expect(setting.restore({ patterns: ['nope'] })).rejects.toMatchObject({ code: 'NOT_FOUND', exitCode: 10 });
    await expect(setting.restore({ patterns: ['nope', 'a', '*.txt'] })).rejects.toMatchObject({
      code: 'RESTORE_INCOMPLETE', exitCode: 1, message: 'Nothing matches nope, *.txt.', result: { files: 1, failed: 0, unmatched: ['nope', '*.txt'] },
    });
    expect(setting.tree()).toEqual(['a']);
  });
});

describe('what is there already', () => {
  const mtime = 1_700_000_000;
  async function prepare(): Promise<void> {
    await setting.store().snapshot([
      { path: 'older', content: 'new!', mtime: '1700000000.000000000' },
      { path: 'newer', content: 'new!', mtime: '1700000000.000000000' },
      { path: 'same', content: 'new!', mtime: '1700000000.000000000' },
      { path: 'absent', content: 'new!' },
      { path: 'link', type: 'symlink', link: 'there' },
    ]);
    fs.mkdirSync(setting.path(), { recursive: true });
    for (const [name, time] of [['older', mtime - 10], ['newer', mtime + 10], ['same', mtime]] as const) {
      fs.writeFileSync(setting.path(name), 'old!');
      fs.utimesSync(setting.path(name), time, time);
    }
    fs.symlinkSync('old', setting.path('link'));
    fs.writeFileSync(setting.path('mine'), 'mine');
  }
  it.each([
    ['always', ['new!', 'new!', 'new!'], 'there', 0],
    ['if-changed', ['new!', 'new!', 'old!'], 'there', 1],
    ['if-newer', ['new!', 'old!', 'old!'], 'old', 3],
    ['never', ['old!', 'old!', 'old!'], 'old', 4],
  ] as const)('is treated as asked: %s', async (overwrite, contents, link, skipped) => {
    await prepare();
    const summary = await setting.restore({ overwrite });
    expect(['older', 'newer', 'same'].map((name) => setting.read(name))).toEqual(contents);
    expect([fs.readlinkSync(setting.path('link')), setting.read('absent'), setting.read('mine')]).toEqual([link, 'new!', 'mine']);
    expect(summary.skipped).toBe(skipped);
    expect(setting.tree()).toEqual(['absent', 'link', 'mine', 'newer', 'older', 'same']);
  });

  it('is not written again by a second restore, and links stay links', async () => {
    await setting.store().snapshot([{ path: 'a', content: 'a' }, { path: 'big', content: [noise(9000, '1'), noise(9000, '2')] }, { path: 'b', type: 'hardlink', link: 'a' }]);
    await setting.restore();
    const before = fs.statSync(setting.path('a')).ino;
    expect(await setting.restore({ overwrite: 'if-changed' })).toMatchObject({ skipped: 2, fetched: 0 });
    expect([fs.statSync(setting.path('a')).ino, fs.statSync(setting.path('b')).ino]).toEqual([before, before]);
    expect(setting.tree()).toEqual(['a', 'b', 'big']);
  });

  it('is never taken away if it is a folder that holds something', async () => {
    await setting.store().snapshot([{ path: 'full', content: 'f' }, { path: 'bare', content: 'b' }, { path: 'fine', content: 'ok' }]);
    fs.mkdirSync(setting.path('full/inner'), { recursive: true });
    fs.mkdirSync(setting.path('bare'));
    const error = await setting.incomplete();
    expect(error).toMatchObject({ code: 'RESTORE_INCOMPLETE', exitCode: 1 });
    expect(error.result.failures).toEqual([{ path: 'docs/full', message: expect.stringContaining('not empty') }]);
    expect(setting.tree()).toEqual(['bare', 'fine', 'full', 'full/inner']);
  });
});

it('tells how far it is', async () => {
  await setting.store().snapshot([{ path: 'a', content: 'aa' }, { path: 'b', content: 'bbb' }]);
  await setting.restore();
  expect(setting.events.findLast(({ type }) => type === 'restore-progress')).toMatchObject({ files: 2, totalFiles: 2, bytes: 5, totalBytes: 5 });
});
