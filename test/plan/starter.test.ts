import { resolve } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkPlan } from '../../src/plan/plan.ts';
import { registries as realRegistries } from '../../src/plan/registries.ts';
import { starterPlan } from '../../src/plan/starter.ts';
import { check, planFile } from './fakes.ts';

const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

test('a starter plan is right, with and without encryption, for the real steps', async () => {
  for (const recipients of [null, [], [recipient], [recipient, recipient]]) {
    const text = starterPlan({ name: 'laptop', sources: [{ id: 'documents', path: '~/Documents' }, { id: 'photos', path: '/srv/my photos' }], targetPath: '/mnt/usb/backups', recipients, schema: 'schema/plan.schema.json' });
    const { plan, mistakes, warnings } = await checkPlan(planFile(text), { registries: realRegistries, environment: {} });
    expect([mistakes, warnings]).toEqual([[], []]);
    expect(plan?.graph.nodes.map((node) => node.kind)).toEqual(['select', 'tar', 'compress', ...(recipients?.length ? ['encrypt'] : []), 'upload', 'record']);
    expect(plan?.sources.map((source) => source.roots[0]?.path).at(-1)).toBe('/srv/my photos');
  }
});

test('it points editors to the schema and explains itself', () => {
  const text = starterPlan({ name: 'laptop', sources: [{ id: 'a', path: 'b' }], targetPath: 'c', recipients: null, schema: '../schema/plan.schema.json' });
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/plan.schema.json');
  expect(text).toContain('bat keygen');
  expect(starterPlan({ name: 'laptop', sources: [{ id: 'a', path: 'b' }], targetPath: 'c', recipients: null })).not.toContain('$schema');
});

test('a path that reads as something else stays a path', async () => {
  for (const targetPath of ['true', 'null', '12', '1e3', 'a, b']) {
    const { plan } = await check(starterPlan({ name: 'n', sources: [{ id: 'a', path: 'b' }], targetPath, recipients: null }));
    expect(plan?.targets[0]?.options['path']).toBe(targetPath);
  }
});

test('a path of any form arrives as it was given', async () => {
  const odd = fc.oneof(fc.string({ minLength: 1, maxLength: 40 }), fc.constantFrom('true', '12', '~', '- a', 'a: b', '# a', '${HOME}', '$${HOME}', '"a"', "it's", '{ a }', '*a', '&a', '!a', ' a ', 'a\\b', '日本')).map((name) => `/srv/${name.replaceAll('\0', '')}`);
  await fc.assert(
    fc.asyncProperty(odd, odd, async (path, targetPath) => {
      const { plan, mistakes } = await check(starterPlan({ name: 'n', sources: [{ id: 'true', path }, { id: '12', path }], targetPath, recipients: null }), { environment: { HOME: '/home/me' } });
      expect(mistakes).toEqual([]);
      expect(plan?.targets[0]?.options['path']).toBe(targetPath);
      expect(plan?.sources[0]?.roots[0]?.path).toBe(resolve(path));
    }),
    { numRuns: 100 },
  );
});
