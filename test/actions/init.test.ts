import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chooseName, nameSources } from '../../src/actions/init/names.ts';
import { init, type InitOptions } from '../../src/actions/init.ts';
import { loadPlan, type Plan } from '../../src/plan/plan.ts';
import { registries } from '../../src/plan/registries.ts';
import { generateIdentity } from '../../src/volume/age.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'bat-init-'));
  for (const folder of ['docs', 'music', 'sub/docs']) mkdirSync(join(cwd, folder), { recursive: true });
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const make = (options: Partial<InitOptions> = {}) =>
  init({ folders: ['docs'], to: null, name: null, output: 'bat.yaml', recipients: null, encrypt: true, force: false, cwd, now: new Date(), ...options });
const load = (file = 'bat.yaml'): Promise<Plan> => loadPlan(join(cwd, file), { registries, environment: {}, strict: true, resolveSecrets: true });
const recipientsOf = (plan: Plan): unknown => plan.graph.nodes.find((node) => node.kind === 'encrypt')?.options['to'];

test('a plan that is right, and the key it encrypts for', async () => {
  const result = await make({ folders: ['docs', 'music'], name: 'mine', to: 'elsewhere' });
  expect(result).toMatchObject({ name: 'mine', plan: 'bat.yaml', target: join(cwd, 'elsewhere'), key: { file: 'mine.key.txt', isNew: true } });
  const plan = await load();
  expect(plan.warnings).toEqual([]);
  expect(plan.sources.map(({ id, roots }) => [id, roots[0]!.path])).toEqual([['docs', join(cwd, 'docs')], ['music', join(cwd, 'music')]]);
  expect(recipientsOf(plan)).toEqual([result.key!.recipient]);
  expect(plan.text).not.toContain('AGE-SECRET-KEY');
  expect(statSync(join(cwd, 'mine.key.txt')).mode & 0o777).toBe(0o600);
});

test('paths are short, and the same wherever the plan lies', async () => {
  await make({ folders: ['docs', homedir(), '/etc'], output: 'plans.d/../bat.yaml', to: '/mnt/usb' });
  expect((await load()).text).toMatch(/path: "?\.\/docs"?\n[^]*path: "?~"?\n[^]*path: "?\/etc"?\n[^]*path: "?\/mnt\/usb"? /);
});

test('an address is not taken for a folder', async () => {
  for (const to of ['https://nas:7878', 's3://bucket/folder']) {
    await expect(make({ to })).rejects.toMatchObject({ code: 'USAGE', message: `"${to}" is an address, and --to takes a folder.` });
  }
  expect(readdirSync(cwd).sort()).toEqual(['docs', 'music', 'sub']);
});

test('what lies in the home folder is found there on another machine, too', async () => {
  vi.stubEnv('HOME', join(cwd, 'sub'));
  await make({ folders: ['sub/docs'], output: 'music/bat.yaml' });
  vi.unstubAllEnvs();
  expect((await load('music/bat.yaml')).text).toMatch(/path: "?~\/docs"?\n/);
});

test('for keys that are elsewhere no key is made', async () => {
  const { recipient } = await generateIdentity('pq');
  expect(await make({ recipients: [recipient] })).toMatchObject({ key: null });
  expect(recipientsOf(await load())).toEqual([recipient]);
  expect(readdirSync(cwd).filter((name) => name.includes('key'))).toEqual([]);
});

test('without encryption', async () => {
  expect(await make({ encrypt: false })).toMatchObject({ key: null });
  expect((await load()).graph.nodes.some((node) => node.kind === 'encrypt')).toBe(false);
});

test('a key of the name that is there is used, and stays as it is', async () => {
  const { key } = await make();
  const text = readFileSync(join(cwd, key!.file), 'utf8');
  expect(await make({ force: true })).toMatchObject({ key: { ...key, isNew: false } });
  expect(readFileSync(join(cwd, key!.file), 'utf8')).toBe(text);
  expect(recipientsOf(await load())).toEqual([key!.recipient]);
});

test('a plan that is there is written over only if that is meant', async () => {
  writeFileSync(join(cwd, 'bat.yaml'), 'precious');
  await expect(make()).rejects.toMatchObject({ code: 'USAGE' });
  expect(readFileSync(join(cwd, 'bat.yaml'), 'utf8')).toBe('precious');
  expect(readdirSync(cwd).sort()).toEqual(['bat.yaml', 'docs', 'music', 'sub']);
  await make({ force: true });
  await load();
});

test.each<[string, Partial<InitOptions>, string]>([
  ['a folder that is not there', { folders: ['docs', 'nope'] }, 'USAGE'],
  ['backups inside of what they are of', { folders: ['.'] }, 'USAGE'],
  ['a target that is a source', { to: 'docs' }, 'USAGE'],
  ['a name that cannot be one', { name: 'a b' }, 'USAGE'],
  ['a recipient that is none', { recipients: ['age1nonsense'] }, 'PLAN_INVALID'],
  ['a folder that the plan cannot be written to', { output: 'nope/bat.yaml', encrypt: false }, 'DISK_FAILED'],
])('%s is refused, and nothing is written', async (_name, options, code) => {
  const before = readdirSync(cwd);
  await expect(make(options)).rejects.toMatchObject({ code, hint: expect.any(String) as string });
  expect(readdirSync(cwd)).toEqual(before);
});

test('a file of the key’s name that holds none', async () => {
  writeFileSync(join(cwd, 'docs.key.txt'), 'my shopping list');
  await expect(make()).rejects.toMatchObject({ code: 'KEY_WRONG' });
  expect(existsSync(join(cwd, 'bat.yaml'))).toBe(false);
});

test('names of sources are words of a plan, each one once', async () => {
  expect(nameSources(['/a/docs', '/b/docs', '/c/Docs', '/x/Äpfel & Birnen', '/x/volumes', '/', '/a/docs', '/x/日本']).map(({ id }) => id)).toEqual([
    'docs', 'docs-2', 'Docs-3', 'Apfel-Birnen', 'my-volumes', 'root', 'root-2',
  ]);
  await make({ folders: ['docs', 'sub/docs'] });
  expect((await load()).sources.map(({ id }) => id)).toEqual(['docs', 'docs-2']);
});

test('a plan is called after its only folder, or after the machine', () => {
  expect(chooseName(['/home/me/Documents'], 'nas.example.org')).toBe('Documents');
  expect(chooseName(['/a', '/b'], 'nas.example.org')).toBe('nas');
  expect(chooseName(['/'], '…')).toBe('backup');
});
