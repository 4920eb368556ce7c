import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitCodes } from '../../src/core/errors.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const sections = new Map([...page.matchAll(/^### ([A-Z_]+)\n\n((?:(?!^#).*\n?)*)/gm)].map((match) => [match[1]!, match[2]!]));

test('every code has a heading in docs/errors.md, and every heading is a code', () => {
  expect([...sections.keys()].sort()).toEqual(Object.keys(exitCodes).sort());
});

test.each(Object.entries(exitCodes))('%s: the page says exit code %i, and what it means', (code, exitCode) => {
  const text = sections.get(code)!;
  expect(text).toMatch(new RegExp(`^Exit code ${exitCode}\\. `));
  expect(text.length).toBeGreaterThan(80);
  expect(page).toMatch(new RegExp(`^\\| ${exitCode} \\|`, 'm'));
});
