/** Many files are written by a thread of their own: whatever becomes of them, it is what becomes of a few. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { packEnd, unpackEnd, wellDone, type FileEnd, type FilePiece } from '../../src/actions/restore/writing/messages.ts';
import { WriteBehind } from '../../src/actions/restore/writing/write-behind.ts';
import { BatError, systemCode } from '../../src/core/errors.ts';
import { useSetting } from './restore-setting.ts';
import { noise, type Given } from './store-builder.ts';

const setting = useSetting();
const many: Given[] = Array.from({ length: 300 }, (_, index) => ({ path: `d${index % 7}/f${index}`, content: noise(index * 37, `f${index}`), mode: 0o640, mtime: '1700000000.000000000' }));
const folders: Given[] = Array.from({ length: 7 }, (_, index) => ({ path: `d${index}`, type: 'directory' }));

describe('a restore of many files', () => {
  it('brings all of them back as they were', async () => {
    const parts = Array.from({ length: 5 }, (_, index) => noise(700_000, `part ${index}`));
    await setting.store({ volumeSize: 200_000 }).snapshot([...folders, ...many, { path: 'parts', content: parts }, { path: 'hard', type: 'hardlink', link: 'd1/f1' }, { path: 'na\udcffme', content: 'bytes' }]);
    const summary = await setting.restore();
    expect(summary).toMatchObject({ files: 303, failed: 0 });
    for (const { path, content } of many) {
      expect(fs.readFileSync(setting.path(path)).equals(content as Buffer), path).toBe(true);
      expect(fs.statSync(setting.path(path))).toMatchObject({ mode: 0o100640, mtimeMs: 1_700_000_000_000 });
    }
    expect(fs.readFileSync(setting.path('parts')).equals(Buffer.concat(parts))).toBe(true);
    expect(fs.statSync(setting.path('hard')).ino).toBe(fs.statSync(setting.path('d1/f1')).ino);
    expect(fs.readFileSync(Buffer.concat([Buffer.from(`${setting.path()}/na`), Buffer.from([0xff]), Buffer.from('me')]), 'utf8')).toBe('bytes');
    expect(setting.tree().filter((path) => path.includes('.bat-restore-'))).toEqual([]);
  });

  it('tells of each that cannot be written, and of what hangs on it', async () => {
    fs.mkdirSync(setting.path('d1/f1'), { recursive: true });
    fs.writeFileSync(setting.path('d1/f1/in-the-way'), '');
    fs.mkdirSync(setting.path('d2/f2'), { recursive: true });
    await setting.store().snapshot([...folders, ...many, { path: 'hard', type: 'hardlink', link: 'd1/f1' }]);
    const error = await setting.incomplete();
    expect(error.result.failures).toEqual([
      { path: 'docs/d1/f1', message: 'a folder that is not empty has its name' },
      { path: 'docs/hard', message: 'it is a hard link to d1/f1, which could not be restored' },
    ]);
    expect(error.result.files).toBe(299);
    expect(fs.readFileSync(setting.path('d2/f2')).equals(many[2]!.content as Buffer)).toBe(true);
    expect(setting.tree().filter((path) => path.includes('.bat-restore-'))).toEqual([]);
  });

  it('leaves no temporary file when it is stopped', async () => {
    const store = setting.store({ volumeSize: 300_000 });
    await store.snapshot([{ path: 'aparts', content: Array.from({ length: 30 }, (_, index) => noise(50_000, `${index}`)) }, ...folders, ...many]);
    const controller = new AbortController();
    const target = setting.target();
    target.onRead = (name) => {
      if (name === store.volumeNames.at(-1)) controller.abort(new BatError('INTERRUPTED', 'interrupted'));
    };
    await expect(setting.restore({ targets: [target], signal: controller.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(setting.tree().filter((path) => path.includes('.bat-restore-'))).toEqual([]);
  });
});

describe('the thread', () => {
  const ends: [string, FileEnd][] = [];
  const started: WriteBehind<string>[] = [];

  afterEach(async () => {
    ends.length = 0;
    for (const writing of started.splice(0)) await writing.end();
  });

  function start(): WriteBehind<string> {
    fs.mkdirSync(setting.to);
    const writing = new WriteBehind<string>({ files: 1000, bytes: 0 }, (subject, end) => ends.push([subject, end]));
    started.push(writing);
    return writing;
  }

  function piece(name: string, bytes: Uint8Array, more: Partial<FilePiece> = {}): [FilePiece, Uint8Array, string] {
    const temporary = join(setting.to, `.${name}`);
    const { uid, gid } = fs.statSync(setting.to);
    return [{ id: 1, temporary, path: join(setting.to, name), mode: 0o600, uid, gid, mtime: '1.000000000', size: bytes.length, sparse: false, sha256: null, parts: 1, position: 0, length: bytes.length, ...more }, bytes, name];
  }

  it('writes chunks larger than all that it shares, and goes on with small ones', async () => {
    const writing = start();
    const sizes = [5, 25_000_000, 7, 11_000_000, 12_000_000, 1];
    for (const [index, size] of sizes.entries()) await writing.write(...piece(`f${index}`, Buffer.alloc(size, `of ${index} `)));
    await writing.settle();
    expect(ends).toEqual(sizes.map((_, index) => [`f${index}`, wellDone]));
    for (const [index, size] of sizes.entries()) expect(fs.readFileSync(join(setting.to, `f${index}`)).equals(Buffer.alloc(size, `of ${index} `)), `f${index}`).toBe(true);
  });

  it('says of a file whose whole is wrong that it is damaged, once', async () => {
    const writing = start();
    const more = { id: 7, parts: 3, size: 3, sha256: createHash('sha256').update('abd').digest('hex') };
    for (const [position, letter] of ['a', 'b', 'c'].entries()) await writing.write(...piece('large', Buffer.from(letter), { ...more, position }));
    await writing.settle();
    expect(ends).toMatchObject([['large', { error: { code: 'OBJECT_DAMAGED', message: expect.stringContaining('the manifest is damaged') } }]]);
    expect(ends[0]![1].error).toBeInstanceOf(BatError);
    expect(fs.readdirSync(setting.to)).toEqual([]);
  });

  it('removes what was given up, and at the end what is not whole', async () => {
    const writing = start();
    for (const id of [1, 2]) await writing.write(...piece(`large${id}`, Buffer.from('a'), { id, parts: 2, size: 2, sha256: '' }));
    await writing.settle();
    expect(fs.readdirSync(setting.to)).toEqual(['.large1', '.large2']);
    writing.drop(1);
    await writing.settle();
    await writing.write(...piece('next', Buffer.from('a')));
    await writing.settle();
    expect(fs.readdirSync(setting.to)).toEqual(['.large2', 'next']);
    await started.pop()!.end();
    expect(fs.readdirSync(setting.to)).toEqual(['next']);
    expect(ends).toEqual([['next', wellDone]]);
  });

  it('throws what its listener throws where it is waited for, and removes what is not whole all the same', async () => {
    const failure = new BatError('STATE_FAILED', 'the list cannot be written');
    fs.mkdirSync(setting.to);
    const writing = new WriteBehind<string>({ files: 1000, bytes: 0 }, () => {
      throw failure;
    });
    await writing.write(...piece('large', Buffer.from('a'), { id: 2, parts: 2, size: 2, sha256: '' }));
    await writing.write(...piece('small', Buffer.from('a')));
    await expect(writing.settle()).rejects.toBe(failure);
    expect(fs.readdirSync(setting.to)).toEqual(['.large', 'small']);
    await expect(writing.end()).rejects.toBe(failure);
    expect(fs.readdirSync(setting.to)).toEqual(['small']);
  });

  it('tells the errors of the system as what they are', async () => {
    const writing = start();
    await writing.write(...piece('lost', Buffer.from('a'), { temporary: join(setting.to, 'missing/.lost') }));
    await writing.settle();
    expect(systemCode(ends[0]![1].error)).toBe('ENOENT');
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
    expect(systemCode(unpackEnd(packEnd({ ...wellDone, error: full })).error)).toBe('ENOSPC');
    expect(() => packEnd({ ...wellDone, error: new TypeError('a bug') })).toThrow('a bug');
  });
});
