/** What is published: complete, nothing that is only for developers, and polite on an old Node. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPackage, personIn, root } from './built-package.ts';

let built: ReturnType<typeof buildPackage>;
let packed: string[];
beforeAll(() => {
  built = buildPackage();
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: built.folder, env: personIn(built.folder), encoding: 'utf8' });
  const [report] = Object.values(JSON.parse(output) as Record<string, { files: { path: string }[] }>);
  packed = report!.files.map(({ path }) => path);
});
afterAll(() => built.remove());

test('it has the program, what it puts on targets, the schema, plans and pages', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|json)$/.test(name));
  const programs = sources.map((name) => `dist/${name.replace(/\.ts$/, '.js')}`);
  const others = ['assets', 'docs', 'plans', 'schema'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`));
  expect(packed.toSorted()).toEqual([...programs, ...others, 'CHANGELOG.md', 'LICENSE', 'README.md', 'bin/bat.js', 'package.json'].toSorted());
});

test('publint has nothing to say', async () => {
  const files = packed.map((name) => ({ name: `package/${name}`, data: readFileSync(join(built.folder, name)) }));
  const { messages, pkg } = await publint({ pkgDir: 'package', strict: true, pack: { files } });
  expect(messages.map((message) => formatMessage(message, pkg!, { color: false }))).toEqual([]);
});

test('it names no dependency that src does not import', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  const text = packed.filter((name) => name.startsWith('dist/')).map((name) => readFileSync(join(built.folder, name), 'utf8')).join('\n');
  expect(Object.keys(dependencies).filter((name) => !new RegExp(`(from|import\\() ?'${name}(/[^']*)?'`).test(text))).toEqual([]);
});

test('the lock file names no registry, and the packages of every platform', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version?: string; resolved?: string; optionalDependencies?: Record<string, string> }> };
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => ![`${path}/node_modules/${name}`, `node_modules/${name}`].some((place) => packages[place]?.version !== undefined)),
  );
  expect(missing).toEqual([]);
});

/** A Node that is too old, by its own word only, and a real one where there is one. */
const pretended = ['--import', `data:text/javascript,${encodeURIComponent("Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });")}`];
const old = [process.env['BAT_OLD_NODE'], '/usr/bin/node', '/usr/local/bin/node'].filter((path) => path !== undefined && existsSync(path) && isOld(path));

function isOld(path: string): boolean {
  return Number(/^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))![1]) < 24;
}

test.for([[process.execPath, ...pretended], ...old.map((path) => [path!])])('an old Node is told in one line what to do: %s', async ([node, ...options]) => {
  const end = await promisify(execFile)(node!, [...options, join(built.folder, 'bin/bat.js'), '--version']).catch((error: unknown) => error as { code: number; stdout: string; stderr: string });
  expect(end).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^bat needs Node 24 or newer; this is Node \d+\..*\.\n$/) as string });
});

test('the built program starts, and knows its version', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect((await promisify(execFile)(process.execPath, [join(built.folder, 'bin/bat.js'), '--version'])).stdout).toBe(`${version}\n`);
});
