/**
 * Every command of bat, on every kind of target: a small life of a backup, in which each command that bat knows is called as a person and as
 * a program would call it. A new command that has no place in it makes it fail.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeLock } from '../../src/catalog/lock.ts';
import { fullName } from '../../src/cli/command-help.ts';
import { generateIdentity } from '../../src/volume/age.ts';
import { copyTree, differences, missingPrograms } from '../e2e/judges.ts';
import { noise } from '../e2e/noise.ts';
import { startServer } from '../server/start-server.ts';
import { places } from './places.ts';
import { everyCommand, SmallLife } from './small-life.ts';

const missing = missingPrograms('rsync', 'tar');
const exec = promisify(execFile);
const key = ['-i', 'key.txt'];
const bareState = 'bare';

describe.skipIf(missing).each(places)(`on %s${missing ? ` (skipped: ${missing})` : ''}`, (_name, make) => {
  let life: SmallLife;
  /** Ids of the snapshots of docs, as they were made. */
  const made: string[] = [];

  beforeAll(async () => {
    life = await SmallLife.create(make);
    const { store, archive } = life.place;
    life.write({
      'docs/a.txt': 'first\n',
      'docs/sub/b.txt': 'second\n',
      'docs/large': '',
      'music/song.ogg': 'la la la\n',
      'wrong.yaml': 'version: 1\nname: wrong\nsourcs: {}\n',
      'bat.yaml': `version: 1
name: plan
sources: { docs: { path: docs }, music: { path: music } }
steps: [select, tar, compress, { encrypt: { to: ${life.recipient} } }, { upload: { to: [store, disk] } }, { record: { log: logs } }]
targets: { store: ${store}, disk: { type: file, path: disk }, archive: ${archive} }
retry: { attempts: 2, wait: 10ms }
retention: { last: 2, keep-tags: [release] }
`,
    });
    writeFileSync(life.at('docs/large'), noise(700_000, 1));
    symlinkSync('a.txt', life.at('docs/link'));
  });
  afterAll(() => life?.remove());

  /** A run, after which the tree is kept as it was then. */
  const run = async (...words: string[]): Promise<void> => {
    await life.bat(0, ['run', ...words]);
    const listed = (await life.bat(0, ['snapshots', '-s', 'docs', '--json'])).lines;
    const id = listed.at(-1)!['id'] as string;
    expect(made).not.toContain(id);
    made.push(id);
    mkdirSync(life.at('trees', id), { recursive: true });
    copyTree(life.at('docs'), life.at('trees', id));
  };
  const volumesOnDisk = (): string[] => readdirSync(life.at('disk/plan/volumes')).sort();

  test('before anything is stored: exit code 10, and in a sentence why', async () => {
    const wanted = [
      ['snapshots'], ['ls'], ['find', 'a.txt'], ['diff'], ['show'], ['stats'], ['cat', 'docs/a.txt', ...key], ['dump', 'docs', ...key], ['restore', ...key], ['drill', ...key], ['prune', '-n'],
      ['delete', '20260101-000000-aaaa', '-n'], ['copy', '--from', 'disk', '--to', 'archive'], ['verify'], ['sync', ...key], ['snapshots', 'tag', 'latest', '--tag', 'x'], ['snapshots', 'untag', 'latest'],
      ['snapshots', 'protect', 'latest'], ['snapshots', 'unprotect', 'latest'],
    ];
    for (const words of wanted) await life.bat(10, [...words, '--json']);
  });

  test('plans and keys', async () => {
    await life.bat(0, ['init', 'docs', '-o', 'other.yaml', '--to', 'elsewhere']);
    await life.bat(0, ['keygen', '-o', 'second.txt', '--passphrase']);
    await life.bat(0, ['keygen', '--pq']);
    await life.both(0, ['validate', 'bat.yaml', '--strict']);
    const mistakes = await life.both(2, ['validate', 'wrong.yaml']);
    expect(mistakes.map((line) => line['message_type'])).toEqual(expect.arrayContaining(['mistake', 'plan']));
    await life.both(2, ['run', 'wrong.yaml']);
    await life.bat(0, ['graph']);
    await life.bat(0, ['graph', '--format', 'mermaid']);
    await life.both(0, ['targets']);
    await life.both(0, ['targets', 'check', '-t', 'store']);
    await life.both(0, ['bench', '--upload', '--upload-size', '1MiB']);
    await life.bat(0, ['help']);
    await life.bat(0, ['help', 'snapshots', 'tag']);
  });

  test('runs', async () => {
    await life.both(0, ['run', '-n']);
    await run('--tag', 'release');
    life.write({ 'docs/a.txt': 'changed\n', 'docs/new.txt': 'new\n' });
    await run('--no-prune', '--json');
    rmSync(life.at('docs/sub/b.txt'));
    life.write({ 'music/second.ogg': 'di di di\n' });
    await run('--no-prune');
    expect(await life.both(0, ['snapshots'])).toHaveLength(6);
  });

  test('looking', async () => {
    const [first = '', second = '', third = ''] = made;
    const entries = await life.both(0, ['ls', '-R', '-s', 'docs', '--snapshot', first]);
    expect(entries.map((line) => line['path'])).toEqual(['a.txt', 'large', 'link', 'sub', 'sub/b.txt']);
    await life.bat(0, ['ls', '-l']);
    expect((await life.both(0, ['find', 'a.txt'])).filter((line) => line['message_type'] === 'match')).toHaveLength(2);
    const kinds = (await life.both(0, ['diff', second, third])).flatMap((line) => (line['message_type'] === 'difference' ? [[line['kind'], line['path']]] : []));
    expect(kinds).toEqual([['removed', 'sub/b.txt']]);
    await life.both(0, ['diff', first, '-s', 'docs', '--checksum']);
    await life.both(0, ['show']);
    await life.both(0, ['show', first, '--collate', '2']);
    await life.both(0, ['show', 'docs/large']);
    for (const name of volumesOnDisk()) await life.bat(0, ['show', `volumes/${name}`, '--json']);
    await life.both(0, ['stats', '--by', 'snapshot']);
    await life.both(0, ['rekey']);
    for (const words of [['ls', 'nothing'], ['find', 'nothing'], ['show', 'docs/nothing'], ['cat', 'docs/nothing', ...key], ['dump', 'docs/nothing', ...key], ['restore', 'docs/nothing', ...key]]) await life.bat(10, [...words, '--json']);
  });

  test('what comes back is what was there', async () => {
    for (const [index, id] of made.entries()) {
      await life.bat(0, ['restore', '--from', 'store', '--snapshot', id, '-s', 'docs', '--to', `restored/${id}`, ...key, ...(index === 0 ? [] : ['--json'])]);
      expect(differences(life.at('trees', id), life.at('restored', id))).toBe('');
    }
    await life.both(0, ['restore', '-n', ...key]);
    const text = ['cat', 'docs/a.txt', '--from', 'store', ...key];
    expect((await life.bat(0, [...text, '--snapshot', made[0]!])).out).toBe('first\n');
    expect((await life.bat(0, [...text, '--json'])).out).toBe('changed\n');
    expect((await life.bat(0, [...text, '--range', '1-3'])).out).toBe('han');
    mkdirSync(life.at('dumped'));
    const from = `--from store ${key.join(' ')}`;
    // Not so that this process waits for it: the account is in it.
    await exec('bash', ['-o', 'pipefail', '-ec', `"$NODE" "$BAT" dump docs ${from} | tar x -C dumped; "$NODE" "$BAT" cat docs/large ${from} | cmp - docs/large`], { cwd: life.box.folder, env: { ...process.env, ...life.box.around } });
    expect(differences(life.at('docs'), life.at('dumped/docs'))).toBe('');
    await life.bat(0, ['dump', 'docs/sub', '--from', 'store', ...key]);
    await life.bat(0, ['dump', 'docs/new.txt', '--from', 'store', ...key, '--json']);
    const [volume = ''] = volumesOnDisk();
    const sealed = life.at('disk/plan/volumes', volume);
    await life.bat(0, ['decrypt', sealed, '-o', 'opened', ...key]);
    await life.bat(0, ['decrypt', sealed, '-o', 'unpacked', '--extract', ...key, '--json']);
  });

  test('a target is held against the catalog, mended, copied and tried', async () => {
    await life.both(0, ['verify', '-t', 'store']);
    await life.bat(0, ['verify', '--read-data', ...key, '--json']);
    const [volume = ''] = volumesOnDisk();
    const path = life.at('disk/plan/volumes', volume);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    const said = await life.both(1, ['verify', '--read-data']);
    expect(said.map((line) => line['message_type'])).toEqual(expect.arrayContaining(['target_start', 'finding', 'file', 'target_summary', 'summary', 'exit_error']));
    const mended = (await life.bat(0, ['verify', '--read-data', '--repair', '--json'])).lines;
    expect(mended.at(-1)).toMatchObject({ message_type: 'summary', damaged: 1, mended: 1 });
    await life.bat(0, ['verify', '--read-data', '-q', '--json']);

    await life.both(0, ['copy', '--from', 'store', '--to', 'archive', '-n']);
    expect((await life.bat(0, ['copy', '--from', 'store', '--to', 'archive', '--json'])).lines.at(-1)).toMatchObject({ manifests: 6 });
    await life.bat(0, ['copy', '--from', 'archive', '--to', 'store', '--all']);
    await life.bat(0, ['restore', '--from', 'archive', '-q', '--to', 'from archive', '-s', 'docs', '--json', ...key]);
    expect(differences(life.at('docs'), life.at('from archive'))).toBe('');
    await life.bat(0, ['drill', '--from', 'store', '--sample', 'all', ...key]);
    expect((await life.bat(0, ['drill', '--from', 'archive', ...key, '--json'])).lines.at(-1)).toMatchObject({ ok: true, came_back: expect.any(Number) as number, failures: [] });
  });

  test('on a bare machine', async () => {
    const { url, bare } = life.place;
    const around = { environment: { XDG_STATE_HOME: life.at(bareState), ...bare } };
    expect((await life.both(0, ['recover', url, '--list'], around)).map((line) => line['message_type'])).toContain('plan');
    await life.bat(0, ['recover', url, '--to', 'recovered', ...key, '--json'], around);
    expect(differences(life.at('docs'), life.at('recovered/docs'))).toBe('');
    await life.bat(0, ['recover', url, '--write-plan', 'came-back.yaml', ...key], around);
    await life.bat(0, ['recover', url, '--write-plan', 'again.yaml', ...key, '--json'], around);
    expect(readFileSync(life.at('came-back.yaml'), 'utf8')).toContain('name: plan');
    await life.bat(12, ['recover', url, '--to', 'without a key', '--json'], around);
    // With what the plan says the targets tell all that the catalog does.
    const entries = ['ls', '-R', '--snapshot', made[0]!, ...key, '--json'];
    expect((await life.bat(0, entries, around)).out).toBe((await life.bat(0, entries)).out);
    expect((await life.both(0, ['snapshots'], around)).filter((line) => line['message_type'] === 'snapshot')).toHaveLength(6);
    for (const words of [['find', 'a.txt'], ['diff'], ['show'], ['stats'], ['verify'], ['prune', '-n'], ['snapshots', '--tag', 'release']]) {
      expect((await life.bat(10, words, around)).err, words.join(' ')).toContain('bat sync');
    }
  });

  test('without the key: exit code 12; a word that is wrong: 2; a plan that is held: 11', async () => {
    const bare = { environment: { XDG_STATE_HOME: life.at('nothing here'), BAT_PASSPHRASE: '' } };
    const [volume = ''] = volumesOnDisk();
    const keyless = [['restore'], ['cat', 'docs/a.txt'], ['dump', 'docs'], ['drill'], ['ls'], ['sync'], ['decrypt', life.at('disk/plan/volumes', volume), '-o', 'closed']];
    for (const [index, words] of keyless.entries()) await life.bat(12, index % 2 === 0 ? [...words, '--json'] : words, bare);
    const lines = (await life.bat(12, ['restore', '-i', 'third.txt', '--json'])).lines;
    expect(lines.at(-1)).toMatchObject({ code: 'KEY_MISSING' });
    life.write({ 'third.txt': `${(await generateIdentity('x25519')).identity}\n` });
    expect((await life.bat(12, ['restore', '-i', 'third.txt', '--json'])).lines.at(-1)).toMatchObject({ code: 'KEY_WRONG' });
    const lock = takeLock(life.at('state/bat/plan/lock.db'), 'plan');
    try {
      const [snapshot = ''] = made;
      const holders = [['run'], ['prune', '-y'], ['delete', snapshot, '-y'], ['copy', '--from', 'store', '--to', 'archive'], ['sync'], ['snapshots', 'tag', 'latest', '--tag', 'x'], ['snapshots', 'protect', 'latest'], ['verify', '--repair']];
      for (const words of holders) await life.bat(11, [...words, '--json']);
      for (const words of [['snapshots'], ['ls'], ['verify'], ['show'], ['restore', '-n', ...key]]) await life.bat(0, words);
    } finally {
      lock.release();
    }
  });

  test('old ones go', async () => {
    const [first = '', second = '', third = ''] = made;
    await life.both(0, ['snapshots', 'tag', second, '--tag', 'kept']);
    await life.both(0, ['snapshots', 'untag', second, '--tag', 'kept']);
    await life.both(0, ['snapshots', 'protect', second]);
    await life.both(0, ['snapshots', 'unprotect', second]);
    life.write({ 'docs/a.txt': 'changed again\n' });
    await run('--no-prune');
    const decided = await life.both(0, ['prune', '-n']);
    expect(decided.filter((line) => line['message_type'] === 'decision' && line['keep'] === false).map((line) => line['snapshot'])).toContain(second);
    await life.bat(0, ['prune', '-y']);
    const kept = async (): Promise<unknown[]> => (await life.bat(0, ['snapshots', '-s', 'docs', '--json'])).lines.map((line) => line['id']);
    expect(await kept()).toEqual([first, third, made[3]]);
    life.write({ 'docs/a.txt': 'once more\n' });
    await run('--no-prune');
    // Until it has a newer one, a target that is only copied to has its newest kept.
    await life.bat(0, ['copy', '--from', 'store', '--to', 'archive', '--snapshot', 'latest']);
    const pruned = (await life.bat(0, ['prune', '-y', '--json'])).lines;
    expect(pruned.at(-1), JSON.stringify(pruned)).toMatchObject({ message_type: 'summary', forgotten: 2 });
    life.write({ 'docs/last.txt': 'the last one\n' });
    await life.bat(0, ['run', '--json']);
    const [tagged, , newest] = (await kept()) as string[];
    expect(tagged).toBe(first);
    await life.both(0, ['delete', first, '-n']);
    await life.bat(0, ['delete', first, '-y', '--json']);
    await life.bat(0, ['delete', made[4]!, '-y']);
    expect(await kept()).toEqual([newest]);
    await life.both(0, ['delete', '--object', `volumes/${volumesOnDisk().at(-1)!}`, '-n']);
    await life.bat(0, ['delete', '--object', `volumes/${volumesOnDisk().at(-1)!}`, '-y', '--json']);
    await life.bat(0, ['run']);
    await life.bat(0, ['verify', '--read-data', ...key]);
    await life.bat(0, ['restore', '--from', 'store', '-q', '-s', 'docs', '--to', 'at the end', ...key, '--json']);
    expect(differences(life.at('docs'), life.at('at the end'))).toBe('');
  });

  test('the catalog is lost, and made anew', async () => {
    await life.both(0, ['sync']);
    await life.both(0, ['sync', '--remove-orphans', '-n']);
    rmSync(life.at('state'), { recursive: true });
    expect((await life.bat(0, ['sync', ...key, '--json'])).lines.at(-1)).toMatchObject({ message_type: 'summary', rebuilt: true });
    rmSync(life.at('state'), { recursive: true });
    await life.bat(0, ['sync', ...key]);
    await life.bat(0, ['verify', '--json']);
  });

  test('a target is away: exit code 4 where others are served, 1 where it is the one', async () => {
    const away = { environment: life.place.away };
    life.write({ 'docs/a.txt': 'while it was away\n' });
    for (const words of [['run'], ['verify', '-t', 'store', '-t', 'disk'], ['sync']]) await life.both(4, words, away);
    for (const words of [['restore', '--from', 'store', ...key], ['cat', 'docs/a.txt', '--from', 'store', ...key], ['verify', '-t', 'store'], ['copy', '--from', 'store', '--to', 'archive'], ['drill', '--from', 'store', ...key], ['targets', 'check', '-t', 'store'], ['bench', '--upload', '--upload-size', '1MiB']]) {
      await life.bat(1, [...words, '--json'], away);
    }
    await life.bat(0, ['restore', '--to', 'from the disk', '-s', 'docs', ...key, '--json'], away);
    expect(differences(life.at('docs'), life.at('from the disk'))).toBe('');
    await life.both(0, ['snapshots'], away);
    await life.bat(0, ['run'], { environment: {} });
    await life.bat(0, ['verify', '-t', 'store', '--json']);
  });

  test('recipients come and go', async () => {
    const { recipient } = await generateIdentity('x25519');
    await life.both(0, ['rekey', '--add', recipient, '-n']);
    await life.bat(0, ['rekey', '--add', recipient]);
    await life.bat(0, ['rekey', '--remove', recipient, '--json']);
  });

  test('a server at home', async () => {
    await life.both(0, ['serve', 'token', 'anna']);
    mkdirSync(life.at('photos'), { recursive: true });
    life.write({ 'serve.yaml': 'version: 1\nlisten: 127.0.0.1:0\nlibrary: { photos: photos }\n', 'wide.yaml': 'version: 1\nlisten: 0.0.0.0:0\nlibrary: { photos: photos }\n' });
    await life.both(0, ['serve'], {
      during: async ({ child }) => {
        for await (const piece of child.stdout!.iterator({ destroyOnReturn: false })) if (String(piece).includes('http://')) break;
        child.kill('SIGTERM');
      },
    });
    await life.both(2, ['serve', 'wide.yaml']);
    await life.both(2, ['serve', 'none.yaml']);
  });

  test('files go to a server at home', async () => {
    const server = await startServer();
    const words = ['push', `${server.url}/photos/here`, 'docs'];
    try {
      const around = { environment: { BAT_TOKEN: server.tokens['anna']! } };
      await life.both(0, [...words, '-n'], around);
      await life.both(0, words, around);
      expect(readFileSync(`${server.photos}/here/docs/a.txt`, 'utf8')).toBe(readFileSync(life.at('docs/a.txt'), 'utf8'));
      for (const [token, code] of [[`bat_${'x'.repeat(43)}`, 1], ['', 2]] as const) await life.bat(code, [...words, '--json'], { environment: { BAT_TOKEN: token } });
    } finally {
      await server.close();
    }
  });

  test('a server at home is mirrored', async () => {
    const server = await startServer();
    try {
      writeFileSync(`${server.photos}/a.jpg`, 'a photo');
      const words = ['mirror', `${server.url}/photos`, 'mirrored', '--delete'];
      const around = { environment: { BAT_FROM_TOKEN: server.tokens['reader']! } };
      await life.both(0, [...words, '-n'], around);
      await life.both(0, words, around);
      expect(readFileSync(life.at('mirrored/a.jpg'), 'utf8')).toBe('a photo');
      await life.bat(1, [...words, '--json'], { environment: { BAT_FROM_TOKEN: server.tokens['camera']! } });
    } finally {
      await server.close();
    }
  });

  test('every command that bat has was called, in both ways', () => {
    expect(life.missed).toEqual([]);
  });
});

test('a wrong word is told as such by every command, with exit code 2', async () => {
  const life = await SmallLife.create(places[0]![1]);
  try {
    for (const command of everyCommand()) {
      const name = fullName(command);
      const words = [...name.split(' '), '--nonsense'];
      if (name === 'help') await life.bat(2, ['help', 'nonsense']);
      else await life.bat(2, command.options.some(({ long }) => long === '--json') ? [...words, '--json'] : words);
    }
  } finally {
    await life.remove();
  }
});
