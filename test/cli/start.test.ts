/** What a command loads, it loads at each start: milliseconds that count on a small machine. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateIdentity } from '../../src/volume/age.ts';
import { planText, type Sandbox, sandbox } from './fixture.ts';

const loader = join(import.meta.dirname, 'loaded.ts');

let box: Sandbox;
beforeEach(() => (box = sandbox()));
afterEach(() => box.remove());

/** The packages and the parts of Node that it has loaded when it ends. */
async function loadedBy(...words: string[]): Promise<{ packages: string[]; parts: string[] }> {
  const { err } = await box.start(words, { environment: { NODE_OPTIONS: `--import ${loader}` } }).ended;
  expect(err).toMatch(/^\{.*\}\n$/);
  return JSON.parse(err) as { packages: string[]; parts: string[] };
}

test('a command that only tells something about itself loads what reads command lines, and no more', async () => {
  const { packages } = await loadedBy('--version');
  expect(packages).toEqual(['commander', 'fastest-levenshtein', 'picocolors']);
});

test('a look at a plan loads what reads plans: no keys, no catalog, no tasks, nothing of a target', async () => {
  box.write({ 'bat.yaml': planText().replace('  - compress\n', '  - compress\n  - encrypt: { recipients-file: recipients.txt }\n') });
  const { packages, parts } = await loadedBy('validate');
  expect(packages).toEqual(expect.arrayContaining(['commander', 'yaml']));
  for (const name of ['age-encryption', 'ajv', 'fast-string-width', 'listr2', 'execa', '@aws-sdk/client-s3', 'cloudinary']) expect(packages).not.toContain(name);
  for (const name of ['sqlite', 'http', 'https', 'internal/deps/undici/undici']) expect(parts).not.toContain(name);
});

test('a run to a disk loads nothing that speaks to a network', async () => {
  const { recipient } = await generateIdentity('x25519');
  box.write({ 'bat.yaml': planText([recipient]), 'docs/a.txt': 'a', 'music/b.txt': 'b', 'disk/.keep': '' });
  const { packages, parts } = await loadedBy('run', '-q');
  expect(packages).toContain('age-encryption');
  for (const name of ['@aws-sdk/client-s3', 'cloudinary', 'execa']) expect(packages).not.toContain(name);
  for (const name of ['http', 'https', 'internal/deps/undici/undici']) expect(parts).not.toContain(name);
});
