import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { listEntries, type LsOptions } from '../../src/actions/ls.ts';
import { listStored } from '../../src/actions/snapshots.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { smallBackup, type SmallBackup } from './small-backup.ts';

let backup: SmallBackup;
let identity: string;
let first: string;
let second: string;
let isAsked = 0;
beforeAll(async () => {
  const pair = await generateIdentity('x25519');
  identity = pair.identity;
  backup = await smallBackup(`{ to: ${pair.recipient} }`);
  await backup.run();
  first = (await listStored({ ...backup.around, sources: [] }))[0]!.id;
  cpSync(join(backup.folder, 'state'), join(backup.folder, 'old-state'), { recursive: true });
  backup.write({ 'docs/later.txt': 'fifth' });
  rmSync(join(backup.folder, 'docs/a.txt'));
  // Names on a target tell the time to a second.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  await backup.run();
  vi.useRealTimers();
  second = (await listStored({ ...backup.around, sources: ['docs'] }))[1]!.id;
});
afterAll(() => backup.remove());

async function list(options: Partial<LsOptions> = {}): Promise<string[]> {
  const keys = async () => {
    isAsked++;
    return { identities: [identity] };
  };
  const names: string[] = [];
  const all = { ...backup.around, snapshot: 'latest', sources: [], path: '', recursive: false, keys, ...options };
  for await (const { source, entry } of listEntries(all)) names.push(`${source}/${entry.path}`);
  return names;
}

describe.each([
  ['from the catalog', false],
  ['from a target, without the catalog', true],
])('%s', (_name, isBare) => {
  beforeAll(() => {
    if (isBare) rmSync(join(backup.folder, 'state'), { recursive: true });
    isAsked = 0;
  });

  test('the top of every source', async () => {
    expect(await list()).toEqual(['docs/later.txt', 'docs/sub', 'docs/subject.txt', 'music/song.ogg']);
  });

  test.each([['docs/sub'], ['sub'], ['/docs/sub/'], ['./docs/sub']])('a folder by the name %s, and nothing that only begins like it', async (path) => {
    expect((await list({ path })).sort()).toEqual(['docs/sub/b.txt', 'docs/sub/deep']);
    expect((await list({ path, recursive: true })).sort()).toEqual(['docs/sub/b.txt', 'docs/sub/deep', 'docs/sub/deep/c.txt']);
  });

  test('a source by its name, and a single file', async () => {
    expect(await list({ path: 'music' })).toEqual(['music/song.ogg']);
    expect(await list({ path: 'docs/sub/b.txt' })).toEqual(['docs/sub/b.txt']);
  });

  test('a glob, which is held against paths as a restore does', async () => {
    expect(await list({ path: 'docs/sub/*' })).toEqual(await list({ path: 'docs/sub' }));
    expect((await list({ path: '*.{txt,ogg}' })).sort()).toEqual((await list({ recursive: true })).filter((path) => /\.(txt|ogg)$/.test(path)).sort());
    expect(await list({ path: 'docs/su?' })).toEqual(['docs/sub']);
    expect((await list({ path: 'docs/su?', recursive: true })).sort()).toEqual(['docs/sub', 'docs/sub/b.txt', 'docs/sub/deep', 'docs/sub/deep/c.txt']);
    await expect(list({ path: 'docs/*.nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('an earlier snapshot as it was', async () => {
    expect((await list({ snapshot: first, recursive: true })).sort()).toEqual(['docs/a.txt', 'docs/sub', 'docs/sub/b.txt', 'docs/sub/deep', 'docs/sub/deep/c.txt', 'docs/subject.txt']);
  });

  test('only the sources that are wanted', async () => {
    expect(await list({ sources: ['music'] })).toEqual(['music/song.ogg']);
  });

  test('what is not there is an error, not an empty list', async () => {
    await expect(list({ path: 'docs/nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(list({ snapshot: '19990101' })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
    await expect(list({ sources: ['nope'] })).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
  });

  test(isBare ? 'needs the key' : 'asks for a key only for what it does not have', async () => {
    isAsked = 0;
    await list({ recursive: true });
    expect(isAsked).toBe(isBare ? 1 : 0);
    if (isBare) await expect(list({ keys: async () => ({ identities: [] }) })).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });

  test('ends when it is told to', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stop'));
    if (isBare) await expect(list({ signal: controller.signal })).rejects.toThrow('stop');
  });
});

test('what the catalog does not have is read from a target', async () => {
  rmSync(join(backup.folder, 'state'), { recursive: true, force: true });
  renameSync(join(backup.folder, 'old-state'), join(backup.folder, 'state'));
  expect(await list({ path: 'docs/later.txt', snapshot: second })).toEqual(['docs/later.txt']);
  rmSync(join(backup.folder, 'state'), { recursive: true });
});

test('what one target cannot give is read from the next', async () => {
  rmSync(join(backup.folder, 'one'), { recursive: true });
  backup.events.length = 0;
  expect(await list({ path: 'music' })).toEqual(['music/song.ogg']);
  expect(backup.events.filter(({ type }) => type !== 'issue')).toMatchObject([{ type: 'target-failed', target: 'one' }]);
});
