/** What is published: complete, nothing that is only for developers, and polite on an old Node. */
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleFolder } from '../../scripts/bundle.ts';
import { setTimes, treeOf } from '../examples/tree.ts';
import { startCloudinary, type CloudinaryServer } from '../servers/cloudinary-server.ts';
import { newBucket } from '../servers/s3-access.ts';
import { startS3Server, type S3Server } from '../servers/s3-server.ts';
import { buildPackage, personIn, root } from './built-package.ts';

let built: Awaited<ReturnType<typeof buildPackage>>;
let packed: string[];
beforeAll(async () => {
  built = await buildPackage();
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: built.folder, env: personIn(built.folder), encoding: 'utf8' });
  const [report] = Object.values(JSON.parse(output) as Record<string, { files: { path: string }[] }>);
  packed = report!.files.map(({ path }) => path);
});
afterAll(() => built.remove());

test('it has the program, its web page, what it puts on targets, the schema, plans and pages', () => {
  const programs = readdirSync(join(built.folder, bundleFolder)).map((name) => `${bundleFolder}/${name}`);
  expect(programs).toEqual(expect.arrayContaining([`${bundleFolder}/main.js`, `${bundleFolder}/reading-thread.js`, `${bundleFolder}/writing-thread.js`, `${bundleFolder}/licenses.txt`]));
  const filesIn = (parent: string, folder: string): string[] => readdirSync(join(parent, folder), { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [relative(parent, join(entry.parentPath, entry.name))] : []));
  const page = filesIn(built.folder, 'dist/web');
  expect(page.map((name) => name.replace(/-[\w-]{8}\./, '.'))).toEqual(expect.arrayContaining(['dist/web/index.html', 'dist/web/assets/page.js', 'dist/web/assets/page.css', 'dist/web/assets/hash-worker.js']));
  const others = ['assets', 'docs', 'plans', 'schema'].flatMap((folder) => filesIn(root, folder));
  expect(packed.toSorted()).toEqual([...programs, ...page, ...others, 'CHANGELOG.md', 'LICENSE', 'README.md', 'bin/bat.js', 'package.json'].toSorted());
});

test('its program is in ASCII, of which V8 holds a byte for each character and not two', () => {
  const inOther = readdirSync(join(built.folder, bundleFolder)).filter((name) => name.endsWith('.js') && /[\u0080-\uffff]/.test(readFileSync(join(built.folder, bundleFolder, name), 'utf8')));
  expect(inOther).toEqual([]);
});

test('publint has nothing to say', async () => {
  const files = packed.map((name) => ({ name: `package/${name}`, data: readFileSync(join(built.folder, name)) }));
  const { messages, pkg } = await publint({ pkgDir: 'package', strict: true, pack: { files } });
  expect(messages.map((message) => formatMessage(message, pkg!, { color: false }))).toEqual([]);
});

test('every library in it is named with its licence, and it asks for none to be installed', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, Record<string, string> | undefined>;
  expect(dependencies).toBeUndefined();
  const notices = readFileSync(join(built.folder, bundleFolder, 'licenses.txt'), 'utf8');
  const imported = new Set([...sourcesOf('src'), ...sourcesOf('web')].flatMap((text) => [...text.matchAll(/(?:^(?:import |export |\} ).*from |import\()'(@[^/']+\/[^/']+|[^.@/'][^/']*)/gm)].map(([, name]) => name!)));
  const libraries = [...imported].filter((name) => !/^(node:|#)/.test(name));
  expect(libraries.filter((name) => devDependencies![name] === undefined)).toEqual([]);
  expect(libraries.filter((name) => !new RegExp(`^${name} \\d[^,]*, \\S`, 'm').test(notices))).toEqual([]);
});

function sourcesOf(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  // Types are gone when it runs.
  return names.map((name) => readFileSync(join(root, folder, name), 'utf8').replaceAll(/^import type .*$/gm, ''));
}

test('with nothing beside it, it backs up to a folder, a bucket and an account at Cloudinary, and restores from each', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bat-alone-'));
  const [bucket, cloudinary] = await Promise.all([startS3Server(), startCloudinary()]);
  try {
    for (const part of ['bin', 'dist', 'assets', 'package.json']) cpSync(join(built.folder, part), join(folder, part), { recursive: true });
    const bat = (...words: string[]): Promise<unknown> => promisify(execFile)(process.execPath, [join(folder, 'bin/bat.js'), ...words], { cwd: folder, env: personIn(folder) });
    mkdirSync(join(folder, 'disk'));
    // So many files that a thread reads them.
    mkdirSync(join(folder, 'letters'));
    for (let index = 0; index < 600; index++) writeFileSync(join(folder, 'letters', `${index}.txt`), `letter ${index}\n`.repeat(index));
    setTimes(join(folder, 'letters'));
    await bat('keygen', '--output', 'key.txt');
    const recipient = /age1\w+/.exec(readFileSync(join(folder, 'key.txt'), 'utf8'))![0];
    writeFileSync(join(folder, 'bat.yaml'), planFor(recipient, bucket, await newBucket(bucket), cloudinary));
    await bat('run', '--quiet');
    for (const target of ['disk', 'bucket', 'cloud']) {
      await bat('restore', '--quiet', '--from', target, '--identity', 'key.txt', '--to', `back-${target}`);
      expect(treeOf(join(folder, `back-${target}`, 'letters'))).toEqual(treeOf(join(folder, 'letters')));
    }
  } finally {
    await Promise.all([bucket.stop(), cloudinary.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
});

function planFor(recipient: string, server: S3Server, bucket: string, { url, settings: { cloudName, apiKey, apiSecret } }: CloudinaryServer): string {
  return `version: 1
name: alone
sources: { letters: { path: letters } }
steps:
  - select
  - tar
  - compress
  - encrypt: { to: [${recipient}] }
  - upload: { to: [disk, bucket, cloud] }
  - record
targets:
  disk: { type: file, path: disk }
  bucket: { type: s3, endpoint: "${server.endpoint}", region: ${server.region}, bucket: ${bucket}, access-key: "${server.accessKey}", secret-key: "${server.secretKey}" }
  cloud: { type: cloudinary, cloud-name: ${cloudName}, api-key: "${apiKey}", api-secret: "${apiSecret}", upload-prefix: "${url}" }
`;
}

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

test('whichever of the files that commands share is loaded first, all that it builds on is there', async () => {
  const folder = join(built.folder, bundleFolder);
  const programs = readdirSync(folder).filter((name) => name.startsWith('shared-'));
  const failures: string[] = [];
  for (const name of programs) {
    // Rejects with what it fails with.
    await once(new Worker(join(folder, name)), 'exit').catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
  }
  expect(programs.length).toBeGreaterThan(5);
  expect(failures).toEqual([]);
});

test('the built program starts, and knows its version', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect((await promisify(execFile)(process.execPath, [join(built.folder, 'bin/bat.js'), '--version'])).stdout).toBe(`${version}\n`);
});
