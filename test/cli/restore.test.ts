import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { generateIdentity } from '../../src/volume/age.ts';
import { jsonLines, planText, sandbox, someFiles, type Sandbox } from './fixture.ts';

let box: Sandbox;
let identity: string;
beforeAll(async () => {
  box = sandbox();
  const pair = await generateIdentity('x25519');
  identity = pair.identity;
  box.write({ 'bat.yaml': planText([pair.recipient]), 'key.txt': identity, ...someFiles });
  expect((await box.bat('run', '-q')).code).toBe(0);
});
afterAll(() => box.remove());
beforeEach(() => rmSync(join(box.folder, 'restored'), { recursive: true, force: true }));

const at = (path: string): string => join(box.folder, path);

test('everything goes into ./restored/<plan>/<source>', async () => {
  const { code, out, err } = await box.bat('restore', '-i', 'key.txt');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^restored 3 files, 22 B to \.\/restored\/home in /m);
  for (const source of ['docs', 'music']) execFileSync('diff', ['-r', at(source), at(`restored/home/${source}`)]);
});

test('paths and a plan are told apart', async () => {
  expect((await box.bat('restore', 'bat.yaml', 'docs/sub', '-i', 'key.txt')).err).toBe('');
  expect(existsSync(at('restored/home/docs/sub/b.txt'))).toBe(true);
  expect(existsSync(at('restored/home/music'))).toBe(false);
  // A word that names no plan is a path, also where a folder of that name is here.
  expect((await box.bat('restore', 'music', '-i', 'key.txt')).code).toBe(0);
  expect(existsSync(at('restored/home/music/song.ogg'))).toBe(true);
});

test('a single source goes right into the folder that is named', async () => {
  await box.bat('restore', '-s', 'music', '--to', 'restored/x', '-i', 'key.txt', '-q');
  expect(readFileSync(at('restored/x/song.ogg'), 'utf8')).toBe('la la la\n');
});

test('without a key: exit code 12, and nothing is written', async () => {
  const { code, out, err } = await box.bat('restore');
  expect({ code, out }).toEqual({ code: 12, out: '' });
  expect(err).toMatch(/^error: .* is encrypted, and no key was given\.\nhint: .*--identity/);
  expect(existsSync(at('restored'))).toBe(false);
});

test('the key may come from standard input, and is never repeated', async () => {
  const { code } = await box.start(['restore', '-q', '-i', '-'], { input: `# a key\n${identity}\n` }).ended;
  expect(code).toBe(0);
  const wrong = await box.start(['restore', '-i', '-'], { input: `${identity.slice(0, -3)}AAA\n` }).ended;
  expect(wrong.code).toBe(12);
  expect(wrong.err + wrong.out).not.toContain(identity.slice(0, 40));
});

test('a dry run writes nothing and says how much it would', async () => {
  const { code, out } = await box.bat('restore', '-n', '-i', 'key.txt');
  expect(code).toBe(0);
  expect(out).toMatch(/^would restore 3 files, 22 B to /m);
  expect(existsSync(at('restored'))).toBe(false);
});

test('in place needs --yes where nobody can be asked', async () => {
  writeFileSync(at('docs/a.txt'), 'spoilt\n');
  const refused = await box.bat('restore', '--in-place', '-i', 'key.txt');
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as string });
  expect(readFileSync(at('docs/a.txt'), 'utf8')).toBe('spoilt\n');
  expect((await box.bat('restore', '--in-place', '--yes', '-i', 'key.txt', '-q')).code).toBe(0);
  expect(readFileSync(at('docs/a.txt'), 'utf8')).toBe('first\n');
});

test('json: nothing but lines, the summary last', async () => {
  const { code, out, err } = await box.bat('restore', '--json', '-i', 'key.txt');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(jsonLines(out).at(-1)).toMatchObject({ message_type: 'summary', exit_code: 0, files_restored: 3, bytes_restored: 22, snapshots: [{ source: 'docs', target: 'disk' }, { source: 'music' }] });
  expect(jsonLines((await box.bat('restore', '--json')).out).at(-1)).toMatchObject({ message_type: 'exit_error', code: 'KEY_MISSING', exit_code: 12 });
});

test('nothing of that name, no such target, no such snapshot', async () => {
  expect((await box.bat('restore', 'docs/nope', '-i', 'key.txt')).code).toBe(10);
  expect(await box.bat('restore', '--from', 'dsk', '-i', 'key.txt')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean "disk"?') as string });
  expect((await box.bat('restore', '--snapshot', '1999-01-01', '-i', 'key.txt')).code).toBe(10);
});

test('with the key and the target alone, and a plan whose other variables are not set', async () => {
  renameSync(at('state'), at('state.away'));
  const plan = readFileSync(at('bat.yaml'), 'utf8');
  writeFileSync(at('bat.yaml'), plan.replace('path: music', 'path: "${MUSIC}"'));
  try {
    expect((await box.bat('restore', '-q', '-i', 'key.txt')).code).toBe(0);
    expect(existsSync(at('restored/home/music/song.ogg'))).toBe(true);
    writeFileSync(at('bat.yaml'), plan.replace('path: disk', 'path: "${DISK}"'));
    expect(await box.bat('restore', '-i', 'key.txt')).toMatchObject({ code: 2, err: expect.stringContaining('DISK') as string });
  } finally {
    writeFileSync(at('bat.yaml'), plan);
    rmSync(at('state'), { recursive: true, force: true });
    renameSync(at('state.away'), at('state'));
  }
});

test('snapshots and ls: from the catalog without a key, from the target where it is gone', async () => {
  const listed = await box.bat('snapshots');
  expect(listed.out).toMatch(/^\d{8}-\d{6}-\w{4}-docs +docs +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +2 +13 B +disk$/m);
  expect((await box.bat('ls')).out).toBe('docs/a.txt\ndocs/sub/\nmusic/song.ogg\n');
  const long = (await box.bat('ls', 'docs/sub', '-l')).out;
  expect(long).toMatch(/^-rw-r--r-- \d+:\d+ +7 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d docs\/sub\/b\.txt$/m);
  renameSync(at('state'), at('state.away'));
  try {
    expect((await box.bat('snapshots')).out).toMatch(/-music +music +\S+ \S+ +– +– +disk$/m);
    expect((await box.bat('ls')).code).toBe(12);
    expect((await box.bat('ls', '-R', '-i', 'key.txt')).out).toBe('docs/a.txt\ndocs/sub/\ndocs/sub/b.txt\nmusic/song.ogg\n');
    expect(jsonLines((await box.bat('ls', 'music', '--json', '-i', 'key.txt')).out)).toMatchObject([{ message_type: 'entry', source: 'music', path: 'song.ogg', type: 'file', size: 9 }]);
  } finally {
    rmSync(at('state'), { recursive: true, force: true });
    renameSync(at('state.away'), at('state'));
  }
});

test('ls of a name that is not there, and find without a hit, end with 10', async () => {
  expect(await box.bat('ls', 'docs/nope')).toMatchObject({ code: 10, out: '' });
  expect(await box.bat('find', 'nope')).toMatchObject({ code: 10, out: 'Nothing was found.\n', err: '' });
});

test('nothing stored yet: exit code 10', async () => {
  const empty = sandbox();
  try {
    empty.write({ 'bat.yaml': planText(), ...someFiles });
    for (const command of ['restore', 'snapshots', 'ls']) expect((await empty.bat(command)).code, command).toBe(10);
  } finally {
    empty.remove();
  }
});
