import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePath } from '../../src/core/paths.ts';
import { Level } from '../../src/steps/select/rules.ts';
import { grow, selectFrom, temporaryFolder } from './select-fixture.ts';

/** The files that are left when git has applied the patterns of the files of this name, by its own walk. */
function filesByGit(repository: string, tree: string, ignoreFile: string): string[] {
  const git = ['--git-dir', join(repository, 'git'), '--work-tree', tree, '-c', 'core.quotePath=false'];
  const output = execFileSync('git', [...git, 'ls-files', '--others', '-z', `--exclude-per-directory=${ignoreFile}`], { cwd: tree, encoding: 'latin1' });
  return output.split('\0').filter((path) => path !== '');
}

async function filesBySelect(tree: string, exclude: readonly string[]): Promise<string[]> {
  const { given } = await selectFrom(tree, { exclude }).walk();
  return given.filter(({ entry }) => entry.type !== 'directory').map(({ entry }) => encodePath(entry.path).toString('latin1'));
}

function newRepository(): string {
  const repository = temporaryFolder();
  execFileSync('git', ['init', '-q', '--bare', join(repository, 'git')]);
  return repository;
}

describe('patterns', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'c.o', 'A', 'a b', '[x]', '!a', '#a', '*', 'été', 'new\nline', '\\');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const part = fc.constantFrom('a', 'b', 'ab', '*', '**', 'a*', '*b', '?', '[ab]', '[!a]', '*.o', 'c.o', 'a b', String.raw`\[x\]`, String.raw`\*`, 'été', String.raw`\\`);
  const pattern = fc
    .record({
      negated: fc.boolean(),
      anchored: fc.boolean(),
      parts: fc.array(part, { minLength: 1, maxLength: 3 }),
      folder: fc.boolean(),
      end: fc.constantFrom('', '', '', ' ', '\r'),
    })
    .map(({ negated, anchored, parts, folder, end }) => (negated ? '!' : '') + (anchored ? '/' : '') + parts.join('/') + (folder ? '/' : '') + end);
  const patterns = fc.array(fc.oneof({ weight: 8, arbitrary: pattern }, { weight: 1, arbitrary: fc.constantFrom('', '# a', String.raw`\#a`, String.raw`\!a`, '!') }), { maxLength: 4 });

  const files = fc.array(fc.record({ folder: fc.oneof(fc.constant(''), path), own: patterns }), { maxLength: 4 });
  const tree = fc.record({ paths: fc.uniqueArray(path, { minLength: 1, maxLength: 14 }), exclude: patterns, files });

  /** The tree with a `.batignore` where it has rules, and beside it a `.gitrules` that says all that the plan says too. */
  function plant(folder: string, { paths, exclude, files }: { paths: string[]; exclude: string[]; files: { folder: string; own: string[] }[] }): void {
    const write = (path: string, lines: readonly string[]) => {
      try {
        grow(folder, { [path]: lines.join('\n') });
      } catch {
        // A part of the path is a file already, or the path is a folder.
      }
    };
    for (const path of paths) write(path, []);
    write('.gitrules', exclude);
    for (const { folder, own } of files) {
      write(join(folder, '.batignore'), own);
      write(join(folder, '.gitrules'), folder === '' ? [...exclude, ...own] : own);
    }
  }

  test('leave out what git leaves out, in the plan and in files at any depth', async () => {
    const repository = newRepository();
    const folder = temporaryFolder();
    // Many trees at a time, since starting git is what takes the time.
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 12, size: 'max' }), async (trees) => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
        for (const [number, tree] of trees.entries()) plant(join(folder, String(number)), tree);
        const expected = Map.groupBy(filesByGit(repository, folder, '.gitrules'), (path) => path.split('/')[0]!);
        for (const [number, { exclude }] of trees.entries()) {
          const left = (await filesBySelect(join(folder, String(number)), exclude)).map((path) => `${number}/${path}`);
          expect(left.toSorted()).toEqual((expected.get(String(number)) ?? []).toSorted());
        }
      }),
      { numRuns: 12 },
    );
  });

  test('of a deeper file take back a folder, not what else the rules above say of it', async () => {
    const tree = temporaryFolder();
    grow(tree, {
      '.batignore': 'build/\n*.log\n', 'p/.batignore': '!build/\n', 'p/build/kept': '', 'p/build/no.log': '', 'p/build/build/no': '',
      'p/build/x/build/no': '', 'p/build/x/kept': '', 'build/no': '', 'q/build/no': '',
    });
    const exclude = ['p/build/x/*', '!kept'];
    expect(await filesBySelect(tree, exclude)).toEqual(['.batignore', 'p/.batignore', 'p/build/build/no', 'p/build/kept', 'p/build/x/kept', 'p/build/x/build/no'].toSorted());
  });

  test('count from each root, and the content of an excluded folder is removed with it', async () => {
    const folder = temporaryFolder();
    grow(folder, { 'x/top/file': '', 'x/in/top/file': '', 'y/top': '', 'y/other': '' });
    const roots = [{ prefix: 'x', path: join(folder, 'x') }, { prefix: 'y', path: join(folder, 'y') }];
    const exclude: string[] = [];
    const select = selectFrom(roots, { exclude });
    await select.walk();
    exclude.push('/top');
    const second = await select.walk();
    expect([second.paths, second.removed]).toEqual([[], ['x/top', 'y/top']]);
    expect([...select.draft.kept.keys()]).toEqual(['x', 'x/in', 'x/in/top', 'x/in/top/file', 'y', 'y/other']);
  });

  test('a symlink to a folder is no folder, unless it is followed', async () => {
    const tree = temporaryFolder();
    grow(tree, { 'real/file': '' });
    symlinkSync('real', join(tree, 'link'));
    expect((await selectFrom(tree, { exclude: ['link/'] }).walk()).paths).toContain('link');
    expect((await selectFrom(tree, { exclude: ['link/'], symlinks: 'follow' }).walk()).paths).toEqual(['real', 'real/file']);
  });

  test('match names that are not UTF-8, and no name is refused', async () => {
    const tree = temporaryFolder();
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/a`), Buffer.from([0xff])]), '');
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/b`), Buffer.from([0xff])]), '');
    grow(tree, { '..a/b': '', '...': '', 'c:/d': '', '~': '' });
    writeFileSync(join(tree, '.batignore'), Buffer.concat([Buffer.from('/b'), Buffer.from([0xff, 0x0a])]));
    expect((await selectFrom(tree, { exclude: ['/nothing/of/this'] }).walk()).paths).toEqual(['...', '..a', '..a/b', '.batignore', 'a\udcff', 'c:', 'c:/d', '~']);
  });

  test('hold for more paths than are remembered', () => {
    const level = Level.of('', ['*.o', '!keep.o', 'd/'], () => {})!;
    for (let number = 0; number < 5000; number++) {
      expect(level.test(`some/where/${number}.o`, false)).toBe('excluded');
      expect(level.test(`some/where/${number}/keep.o`, false)).toBe('included');
      expect(level.test(`some/where/${number}.c`, false)).toBe('none');
    }
  });

  test('another name for the file of patterns, or none', async () => {
    const tree = temporaryFolder();
    grow(tree, { '.nobackup': 'a', '.batignore': 'b', a: '', b: '' });
    expect((await selectFrom(tree, { ignoreFile: '.nobackup' }).walk()).paths).toEqual(['.batignore', '.nobackup', 'b']);
    expect((await selectFrom(tree, { ignoreFile: null }).walk()).paths).toEqual(['.batignore', '.nobackup', 'a', 'b']);
  });

  test('a file of patterns that cannot be read is reported, and nothing is left out', async () => {
    const tree = temporaryFolder();
    grow(tree, { 'a/.batignore/': '', 'a/b': '', 'c/.batignore': '#'.repeat(1024 * 1024 + 1), 'c/d': '' });
    execFileSync('mkfifo', [join(tree, '.batignore')]);
    const { paths, issues } = await selectFrom(tree).walk();
    expect(paths).toEqual(['.batignore', 'a', 'a/.batignore', 'a/b', 'c', 'c/.batignore', 'c/d']);
    expect(issues.map(({ kind, path }) => [kind, path])).toEqual([['unread', '.batignore'], ['unread', 'a/.batignore'], ['unread', 'c/.batignore']]);
  });
});
