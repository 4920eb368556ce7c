import { chmodSync, linkSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diff, type DiffOptions } from '../../src/actions/diff.ts';
import { chooseKnown } from '../../src/actions/known-snapshots.ts';
import { Snapshots } from '../../src/catalog/snapshots.ts';
import { lookingAt, type Looking } from './looking.ts';

let looking: Looking;
let runs: string[];
const at = (path: string): string => join(looking.backup.folder, path);
beforeAll(async () => {
  looking = await lookingAt();
  const { backup } = looking;
  backup.write({ 'docs/gone/one.txt': 'one of two', 'docs/gone/deep/two.txt': 'the other', 'docs/twice-1.txt': 'the same', 'docs/twice-2.txt': 'the same', 'docs/empty.txt': '', 'docs/was-file': 'a file' });
  linkSync(at('docs/a.txt'), at('docs/z-link.txt'));
  runs = [await looking.later()];
  backup.write({ 'docs/a.txt': 'first, and more', 'docs/new/none.txt': '' });
  looking.gone('docs/gone');
  looking.gone('docs/empty.txt');
  looking.gone('docs/was-file');
  mkdirSync(at('docs/was-file'));
  writeFileSync(at('docs/was-file/inside.txt'), 'inside');
  mkdirSync(at('docs/moved'));
  looking.move('docs/sub/deep', 'docs/moved/deep');
  looking.move('docs/twice-1.txt', 'docs/moved/other.txt');
  looking.move('docs/twice-2.txt', 'docs/moved/twice-1.txt');
  chmodSync(at('docs/subject.txt'), 0o600);
  runs.push(await looking.later());
});
afterAll(() => looking.backup.remove());

async function compare(before: string, after: string | null, options: Partial<DiffOptions> = {}): Promise<string[]> {
  const told: string[] = [];
  const all = { ...looking.backup.around, before, after, sources: ['docs'], checksum: false, ...options };
  for await (const event of diff(all)) {
    if (event.type === 'difference') told.push([event.kind, ...(event.kind === 'renamed' ? [event.before!.entry.path] : []), event.path, ...event.aspects].join(' '));
    if (event.type === 'end') told.push(Object.entries(event.totals).flatMap(([kind, { entries, bytes }]) => (entries > 0 ? [`${kind} ${entries}/${bytes}`] : [])).join(', '));
  }
  return told;
}

const forwards = [
  'changed a.txt content time',
  'removed empty.txt',
  'removed gone',
  'added moved',
  'added new',
  'metadata subject.txt mode',
  'changed was-file type mode time',
  'changed z-link.txt content time',
  'removed gone/deep',
  'removed gone/one.txt',
  'removed gone/deep/two.txt',
  'added moved/deep',
  'renamed twice-2.txt moved/other.txt time',
  'renamed twice-1.txt moved/twice-1.txt time',
  'renamed sub/deep/c.txt moved/deep/c.txt',
  'added new/none.txt',
  'removed sub/deep',
  'added was-file/inside.txt',
];

describe('two snapshots', () => {
  test('what was added, removed, changed and renamed, and what it comes to', async () => {
    const told = await compare(runs[0]!, runs[1]!);
    expect(told.at(-1)).toBe('added 5/6, removed 6/19, renamed 3/21, changed 3/15, metadata 1/6');
    expect(told.slice(0, -1).sort()).toEqual(forwards.toSorted());
  });

  test('the other way round', async () => {
    const told = await compare(runs[1]!, runs[0]!);
    expect(told.at(-1)).toBe('added 6/19, removed 5/6, renamed 3/21, changed 3/11, metadata 1/6');
    expect(told).toContain('renamed moved/deep/c.txt sub/deep/c.txt');
    expect(told).toContain('added gone/deep/two.txt');
  });

  test('by folder and name', async () => {
    const paths = (await compare(runs[0]!, runs[1]!)).slice(0, -1).filter((line) => /^(added|removed) [a-z]+$/.test(line));
    expect(paths).toEqual(['removed gone', 'added moved', 'added new']);
  });

  test('the same one, or another source', async () => {
    expect(await compare('latest', runs[1]!)).toEqual(['']);
    expect(await compare(runs[0]!, runs[1]!, { sources: ['music'] })).toEqual(['']);
    await expect(compare(`${runs[0]}-docs`, `${runs[1]}-music`, { sources: [] })).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('docs') as string });
  });
});

describe('a snapshot and the disk', () => {
  test('the same as what the next snapshot will say', async () => {
    expect(await compare(runs[1]!, null)).toEqual(['']);
    const told = await compare(runs[0]!, null, { checksum: true });
    expect(told.slice(0, -1).sort()).toEqual(forwards.toSorted());
  });

  test('without reading, renamed files are gone and come', async () => {
    const told = await compare(runs[0]!, null);
    expect(told).toContain('removed sub/deep/c.txt');
    expect(told).toContain('added moved/deep/c.txt');
    expect(told).toContain('changed a.txt content time');
    expect(told.some((line) => line.startsWith('renamed'))).toBe(false);
  });

  test('with the excludes of the plan, and the catalog stays as it is', async () => {
    const { plan } = looking.backup;
    const sources = plan.sources.map((source) => (source.id === 'docs' ? { ...source, filters: { ...source.filters, exclude: ['*.txt'] } } : source));
    const told = await compare('latest', null, { plan: { ...plan, sources } });
    expect(told).toContain('removed a.txt');
    expect(told.some((line) => line.startsWith('removed moved/deep/') || line.startsWith('removed was-file/'))).toBe(true);
    looking.inCatalog((catalog) => expect(chooseKnown(new Snapshots(catalog).list(), { snapshot: 'latest', sources: ['docs'] })[0]!.run).toBe(runs[1]));
    expect(await compare('latest', null)).toEqual(['']);
  });

  test('a change that neither size nor time show is found by its content, and another time alone is none of it', async () => {
    const time = new Date(1_600_000_000_000);
    utimesSync(at('music/song.ogg'), time, time);
    await looking.later();
    writeFileSync(at('music/song.ogg'), 'LA LA LA');
    utimesSync(at('music/song.ogg'), time, time);
    expect(await compare('latest', null, { sources: ['music'] })).toEqual(['']);
    expect(await compare('latest', null, { sources: ['music'], checksum: true })).toEqual(['changed song.ogg content', 'changed 1/8']);
    writeFileSync(at('music/song.ogg'), 'la la la');
    expect(await compare('latest', null, { sources: ['music'] })).toEqual(['changed song.ogg content time', 'changed 1/8']);
    expect(await compare('latest', null, { sources: ['music'], checksum: true })).toEqual(['metadata song.ogg time', 'metadata 1/8']);
  });

  test('a source that the plan has no more, and one that is not there', async () => {
    const { plan } = looking.backup;
    await expect(compare('latest', null, { plan: { ...plan, sources: plan.sources.filter(({ id }) => id !== 'docs') } })).rejects.toMatchObject({ code: 'USAGE' });
    looking.move('docs', 'elsewhere');
    await expect(compare('latest', null)).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
  });
});
