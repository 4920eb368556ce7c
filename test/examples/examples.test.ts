/** Every example does what it says: it is run, run again, restored, and compared with what it was made of. */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sandbox, type Sandbox } from '../cli/fixture.ts';
import { runTwiceAndRestore } from './cycle.ts';
import { setTimes, treeOf } from './tree.ts';

const examples = join(import.meta.dirname, '../../examples');
const phrase = { BAT_PASSPHRASE: 'four or five random words' };

/** For each example, what of examples/ a restore gives, by the path that it is restored to. */
const sources: Record<string, Record<string, string>> = {
  gzip: { letters: 'letters' },
  hooks: { letters: 'letters' },
  limits: { letters: 'letters' },
  passphrase: { letters: 'letters' },
  quickstart: { photos: 'photos-and-notes/photos', notes: 'photos-and-notes/notes' },
  retention: { letters: 'letters', 'address/address.txt': 'letters/address.txt' },
  'several-sources': { letters: 'letters', 'address/address.txt': 'letters/address.txt', 'pictures/2023': 'photos-and-notes/photos/2023', 'pictures/2024': 'photos-and-notes/photos/2024' },
  'two-lanes': { photos: 'photos-and-notes/photos' },
  'two-targets': { letters: 'letters' },
  variables: { letters: 'letters', notes: 'photos-and-notes/notes' },
  'without-tar': { photos: 'photos-and-notes/photos' },
};
/** Examples of which a restore gives something else than a folder of examples/, each with a test of its own. */
const others = ['command', 'filters'];

let box: Sandbox;
beforeAll(async () => {
  box = sandbox();
  cpSync(examples, join(box.folder, 'examples'), { recursive: true, filter: (path) => !path.startsWith(join(examples, 'work/')), verbatimSymlinks: true });
  setTimes(join(box.folder, 'examples'));
  await box.bat('keygen', '-o', 'key.txt');
  const recipient = /age1\w+/.exec(readFileSync(join(box.folder, 'key.txt'), 'utf8'))![0];
  box.write({ 'examples/work/recipients.txt': `${recipient}\n` });
});
afterAll(() => box.remove());

const all = readdirSync(examples).filter((name) => name.endsWith('.yaml'));

test('there is a test for every example', () => {
  expect([...Object.keys(sources), ...others].map((name) => `${name}.yaml`).sort()).toEqual(all.sort());
});

test('no example has a mistake or a warning', async () => {
  const files = all.map((name) => `examples/${name}`);
  const { ended } = box.start(['validate', '--strict', ...files], { environment: phrase });
  expect(await ended).toEqual({ code: 0, out: files.map((file) => `${file}: ok\n`).join(''), err: '' });
});

test.for(Object.entries(sources))('%s', async ([name, folders]) => {
  const environment = name === 'passphrase' ? phrase : {};
  const identity = ['quickstart', 'two-lanes'].includes(name) ? 'key.txt' : undefined;
  const restored = await runTwiceAndRestore({ box, plan: `examples/${name}.yaml`, environment, identity });
  for (const [to, from] of Object.entries(folders)) {
    const path = join(box.folder, 'examples', from);
    const original = treeOf(path);
    expect(Object.keys(original)).not.toEqual([]);
    expect(treeOf(join(restored, to)), to).toEqual(original);
  }
});

test('command: the restored file is what the program prints', async () => {
  const restored = await runTwiceAndRestore({ box, plan: 'examples/command.yaml' });
  const { execFileSync } = await import('node:child_process');
  expect(readFileSync(join(restored, 'birds/birds.sql'), 'utf8')).toBe(execFileSync('sh', [join(examples, 'command/dump.sh')], { encoding: 'utf8' }));
});

test('filters: what is meant to be left out is left out', async () => {
  const restored = await runTwiceAndRestore({ box, plan: 'examples/filters.yaml' });
  const kept = Object.entries(treeOf(join(restored, 'work')));
  const original = treeOf(join(box.folder, 'examples/filters'));
  for (const [path, text] of kept) expect(text, path).toBe(original[path]);
  expect(kept.map(([path]) => path)).toEqual([
    '.', '.batignore', 'cache', 'cache/CACHEDIR.TAG', 'project', 'project/build', 'project/build/.nobackup', 'project/src', 'project/src/keep.tmp', 'project/src/main.c',
  ]);
});

test('hooks: each program ran at its place, and was told how it stands', () => {
  const lines = readFileSync(join(box.folder, 'examples/work/hooks.txt'), 'utf8').split('\n');
  expect(lines.slice(0, 2)).toEqual(['before: plan hooks, status running, exit code 0', 'after: plan hooks, status ok, exit code 0']);
  expect(lines[2]).toMatch(/\d\d:\d\d/);
  expect(lines.join()).not.toContain('failure:');
});

test('two lanes: plain on one target, sealed on the other', () => {
  const volumes = (target: string): string[] => readdirSync(join(box.folder, 'examples/work', target, 'two-lanes/volumes'));
  expect(volumes('shelf')).toEqual([expect.stringMatching(/\.tar\.zst$/)]);
  expect(volumes('suitcase')).toEqual(volumes('shelf').map((name) => `${name}.age`));
});

test('without tar: each file under its own name, or one of its content; a duplicate not at all', () => {
  const folder = join(box.folder, 'examples/work/disk/without-tar');
  expect(readdirSync(join(folder, 'photos'), { recursive: true }).sort()).toEqual(['2023', '2023/harbour.png.zst', '2023/meadow.png.zst']);
  expect(readdirSync(join(folder, 'files'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.zst$/)]);
});

test('no example touches the state folder of the user', () => {
  expect(readdirSync(box.folder)).not.toContain('state');
});
