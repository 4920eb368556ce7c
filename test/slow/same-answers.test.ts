/** The catalog is lost, and a sync brings one back that gives the same answers, to every command that looks. */
import { appendFileSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jsonLines } from '../cli/fixture.ts';
import { Backup, plans, type BackupOptions } from '../e2e/backup.ts';
import { changeTree } from '../e2e/changing-tree.ts';
import { filesBelow } from '../e2e/judges.ts';
import { chanceOf } from '../../src/core/chance.ts';
import { noise } from '../e2e/noise.ts';

type Line = Record<string, unknown>;

const archive = { more: { archive: '{ type: file, path: archive }' } };
const key = ['-i', 'key.txt'];

/** What cannot be the same, by command and field; `seconds` and rates are how long it took. */
const leftOut: Record<string, readonly string[]> = {
  // When each object was read last is known to the machine that read it; a lost catalog takes that with it, and a verify begins anew.
  verify: ['seconds', 'read_since'],
  // When the last verify was: another one ran in between.
  targets: ['verified'],
  restore: ['seconds'],
  copy: ['seconds'],
  sync: ['seconds'],
  drill: ['seconds', 'restore_seconds', 'bytes_per_second', 'time'],
  // A manifest says where its snapshot finds each chunk, once: of content that no snapshot needs, and of a second place of the same, a new catalog does not
  // know. The level of the compression is in no manifest either.
  show: ['level', 'content_bytes', 'needed_bytes'],
  stats: ['deduplicated'],
};

/** With single files, besides: the name of one need not say which run stored it, and what is known to lie in a second place is kept there as well. */
const leftOutOfFiles: Record<string, readonly string[]> = { show: ['run'], prune: ['objects', 'bytes'] };

/** Lines that cannot be, for the same reason: which files lie in an object, where they lie elsewhere, too. */
const isLeftOut = (words: readonly string[], line: Line, hasSingleFiles: boolean): boolean =>
  line['message_type'] === 'status' ||
  (words[0] === 'show' && line['message_type'] === 'file') ||
  (hasSingleFiles && words[0] === 'stats' && words.at(-1) === 'snapshot' && line['message_type'] === 'growth');

describe.each([
  ['two lanes', { ...plans.lanes, ...archive }],
  ['single files', { ...plans.files, ...archive }],
] satisfies [string, BackupOptions][])('%s', (name, options) => {
  test('after the catalog was deleted, each command answers as before', async () => {
    const backup = await Backup.create(options);
    try {
      await live(backup, options.targets[0]!);
      const commands = await commandsOf(backup);
      expect(commands.length).toBeGreaterThan(40);
      const before = await answers(backup, commands, name === 'single files');
      rmSync(backup.at('state'), { recursive: true });
      const { code, err } = await backup.box.bat('sync', ...key);
      expect(code, err).toBe(0);
      const after = await answers(backup, commands, name === 'single files');
      for (const [words, answer] of before) expect.soft(after.get(words), words).toEqual(answer);
      // What it does not know of second places takes nothing from anybody.
      for (const words of [['prune', '-y'], ...[...options.targets, 'archive'].map((target) => ['drill', '--sample', 'all', '--no-report', '--from', target, ...key])]) {
        const ended = await backup.box.bat(...words);
        expect(ended.code, `${words.join(' ')}\n${ended.err}${ended.out}`).toBe(0);
      }
    } finally {
      backup.remove();
    }
  });
});

/** Some weeks in a few runs: all kinds of entries, changes, tags, a policy, what was forgotten and deleted, and a target filled by a copy. */
async function live(backup: Backup, target: string): Promise<void> {
  appendFileSync(backup.at('bat.yaml'), 'retention: { last: 4, keep-tags: [release] }\n');
  const chance = chanceOf(7);
  const large = noise(11_000_000, 1);
  mkdirSync(backup.at('src/odd'));
  writeFileSync(backup.at('src/odd/large'), large);
  writeFileSync(Buffer.concat([Buffer.from(`${backup.at('src/odd')}/not utf-8 `), Buffer.from([0xff, 0xfe])]), 'bytes');
  writeFileSync(backup.at('src/odd/empty'), '');
  symlinkSync('large', backup.at('src/odd/link'));
  linkSync(backup.at('src/odd/large'), backup.at('src/odd/second name'));
  const round = async (...words: string[]): Promise<void> => {
    changeTree(backup.at('src/tree'), 10, chance);
    await backup.run(0, ...words);
  };
  const done = async (...words: string[]): Promise<void> => {
    const { code, out, err } = await backup.box.bat(...words);
    expect(code, `${words.join(' ')}\n${err}${out}`).toBe(0);
  };
  await round('--tag', 'release');
  await round('--no-prune');
  large.fill(7, 3_000_000, 3_000_100);
  writeFileSync(backup.at('src/odd/large'), large);
  await round('--no-prune');
  await done('snapshots', 'protect', 'latest');
  await round('--no-prune');
  await done('prune', '-y');
  await done('copy', '--from', target, '--to', 'archive');
  await round('--no-prune');
  await round('--no-prune', '--tag', 'monthly');
  const [, second = ''] = await backup.snapshots();
  await done('snapshots', 'tag', second, '--tag', 'kept');
  const ids = await backup.snapshots();
  await done('delete', ids.at(-2)!, '-y');
  await round('--no-prune');
  await round('--no-prune');
}

/** Every command that looks, at everything there is to look at. */
async function commandsOf(backup: Backup): Promise<string[][]> {
  const ids = await backup.snapshots();
  const [first = ''] = backup.targets;
  const files = filesBelow(backup.at('src')).filter((name) => /^[\w /.-]+$/.test(name));
  const objects = backup.query('SELECT name FROM objects ORDER BY name').map((row) => String(row['name']));
  return [
    ['snapshots'],
    ['snapshots', '--tag', 'release'],
    ...ids.map((id) => ['ls', '-R', '--snapshot', id]),
    ['find', '*'],
    ['find', '--larger', '1MiB'],
    ...ids.slice(1).map((id, index) => ['diff', ids[index]!, id]),
    ['diff'],
    ['diff', ids[0]!, '--checksum'],
    ['show'],
    ...ids.map((id) => ['show', id, '--collate', '3']),
    ...['odd/large', 'odd/second name', ...sample(files, 6)].map((name) => ['show', `src/${name}`]),
    ...sample(objects, 12).map((name) => ['show', name]),
    ['stats', '--by', 'snapshot'],
    ['stats', '--by', 'month'],
    ...ids.map((id) => ['restore', '-n', '--snapshot', id, ...key]),
    ['restore', '-n', '--from', 'archive', ...key],
    ['prune', '-n'],
    ['delete', ids[0]!, '-n', '--force'],
    ['delete', '--object', objects[0]!, '-n', '--force'],
    ['copy', '--from', first, '--to', 'archive', '-n'],
    ['rekey'],
    ['verify'],
    ['targets'],
    ['sync', '-n'],
    ['cat', 'src/odd/large', ...key],
    ['cat', `src/${files[0]!}`, ...key],
    ['drill', '--sample', 'all', '--no-report', '--seed', '7', '--from', first, ...key],
  ];
}

/** So many of a list, spread over all of it. */
function sample<T>(list: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(list.length / most));
  return list.filter((_, index) => index % step === 0);
}

async function answers(backup: Backup, commands: readonly string[][], hasSingleFiles: boolean): Promise<Map<string, unknown>> {
  const all = new Map<string, unknown>();
  for (const words of commands) {
    const { code, out, err } = await backup.box.bat(...words, '--json');
    expect(code, `${words.join(' ')}\n${err}${out}`).toBe(0);
    const lines = words[0] === 'cat' ? [{ err, out }] : jsonLines(out);
    all.set(words.join(' '), lines.filter((line) => !isLeftOut(words, line, hasSingleFiles)).map((line) => without(line, [...(leftOut[words[0]!] ?? []), ...(hasSingleFiles ? (leftOutOfFiles[words[0]!] ?? []) : [])])));
  }
  return all;
}

/** Without some fields, wherever they are in it. */
function without(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => without(each, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value as Line).flatMap(([name, inner]) => (names.includes(name) ? [] : [[name, without(inner, names)]])));
}
