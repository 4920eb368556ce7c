/** What the README says can be pasted, and what it shows is what comes. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registries } from '../../src/plan/registries.ts';
import { checkPlan } from '../../src/plan/plan.ts';
import { loadSettings } from '../../src/server/settings/load.ts';
import { fillTables } from '../../scripts/plan-tables.ts';
import { setTimes, treeOf } from '../examples/tree.ts';
import { buildPackage, personIn, root } from './built-package.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text: text! }));
const shown = (beginning: string): string => blocks.find(({ text }) => text.startsWith(beginning))!.text;
const lines = blocks.map(({ text }) => text.trim()).filter((text) => text.startsWith('npm ci && '));

let clone: Awaited<ReturnType<typeof buildPackage>>;
beforeAll(async () => {
  clone = await buildPackage();
  setTimes(join(clone.folder, 'examples/photos-and-notes'));
});
afterAll(() => clone.remove());

async function inClone(command: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('sh', ['-c', command], { cwd: clone.folder, env: personIn(clone.folder) });
}

/** What differs from run to run and from machine to machine, made the same. */
function settled(text: string): string {
  const stable = text
    .replaceAll(/\d{8}-\d{6}-[a-z0-9]{4}/g, 'RUN')
    .replaceAll(/age1[a-z0-9]{58}/g, 'KEY')
    .replaceAll(/\d[\d.]* ?(?:ms|s|min)\b/g, 'TIME')
    .replaceAll(/\d[\d.]* (?:B|KiB)\b/g, 'SIZE')
    .replaceAll(/ +/g, ' ');
  return stable.trim();
}

test('two lines can be pasted into a fresh clone: one for bat itself, one for its tests', () => {
  expect(lines).toEqual(['npm ci && npm run quickstart', 'npm ci && npm test']);
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  expect(scripts['test']).toBe('vitest run');
  expect(readFileSync(join(root, '.ci/run'), 'utf8')).toContain('npm test');
});

test('the first line shows what the README shows, and ends in the tree that was backed up', async () => {
  const { stdout, stderr } = await inClone(lines[0]!.replace('npm ci && ', ''));
  const key = /^Public key: .*\n/m.exec(stderr)![0];
  const output = stdout.slice(stdout.indexOf('$ ')).replace('key.txt\n', `key.txt\n${key}`);
  expect(settled(output)).toBe(settled(shown('$ npx bat keygen')));
  const original = treeOf(join(clone.folder, 'examples/photos-and-notes'));
  expect(Object.keys(original).length).toBeGreaterThan(10);
  const restored = treeOf(join(clone.folder, 'examples/work/restored'));
  // The folder that both sources were restored to is none of theirs.
  expect({ ...restored, '.': '' }).toEqual({ ...original, '.': '' });
});

test('pasted again, it stores nothing new and restores the same', async () => {
  const volumes = join(clone.folder, 'examples/work/disk/quickstart/volumes');
  const before = readdirSync(volumes);
  const { stdout } = await inClone(lines[0]!.replace('npm ci && ', ''));
  expect(readdirSync(volumes)).toEqual(before);
  expect(stdout).toContain('photos: 4 files, 31.5 KiB · no file changed · read 0 B');
  expect(stdout.trim()).toMatch(/No difference: .*$/);
});

test('the quickstart writes to examples/work and nowhere else', () => {
  expect(readdirSync(clone.folder)).not.toContain('state');
  expect(readdirSync(join(clone.folder, 'examples')).sort()).toEqual(readdirSync(join(root, 'examples')).sort());
});

test('the mistake that it shows is the one that bat finds', async () => {
  const plan = blocks.find(({ language }) => language === 'yaml')!.text;
  writeFileSync(join(clone.folder, 'nas.yaml'), plan.replace('- compress:', '- compres:'));
  const { stdout } = await promisify(execFile)(process.execPath, ['bin/bat.js', 'validate', 'nas.yaml'], { cwd: clone.folder, env: personIn(clone.folder) }).catch((error: unknown) => error as { stdout: string });
  expect(`$ bat validate nas.yaml\n${stdout}`).toBe(shown('$ bat validate'));
});

test('it has every command, and no other', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['bin/bat.js', '--help'], { cwd: clone.folder, env: personIn(clone.folder) });
  const commands = [...stdout.split('Commands:')[1]!.split('Options:')[0]!.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  expect([...readme.matchAll(/^\| `bat (\w+)` \|/gm)].map(([, name]) => name)).toEqual(commands);
});

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).filter((name) => /\.\w+$/.test(name)).map((name) => `docs/${name}`)];

test.for(pages)('links in %s lead somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  const missing = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter((link) => {
    const [path, heading] = link.split('#');
    if (/^https?:/.test(link)) return false;
    const file = path === '' ? join(root, page) : join(root, dirname(page), path!);
    return !existsSync(file) || (heading !== undefined && !headingsOf(readFileSync(file, 'utf8')).includes(heading));
  });
  expect(missing).toEqual([]);
});

/** As web pages name them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'));
}

test.for(pages)('plans in %s have no mistake', async (page) => {
  const plans = [...readFileSync(join(root, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text!).filter((text) => /^version: 1$/m.test(text));
  for (const plan of plans) {
    const file = join(clone.folder, 'page.yaml');
    // A token stands there shortened.
    writeFileSync(file, plan.replace('sha256:…', `sha256:${'0a'.repeat(32)}`));
    if (/^(library|stores|users):/m.test(plan)) {
      await loadSettings(file, {});
      continue;
    }
    const { mistakes, warnings } = await checkPlan(file, { registries, environment: {}, strict: true });
    expect([...mistakes, ...warnings]).toEqual([]);
  }
});

test('the tables in docs/plan.md are those of the schemas; `npm run schema` writes them', () => {
  const page = readFileSync(join(root, 'docs/plan.md'), 'utf8');
  expect(page).toBe(fillTables(page));
});
