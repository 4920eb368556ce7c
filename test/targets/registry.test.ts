/** The list of all kinds of targets, and that each can be put into a plan's schema. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { targetTypes } from '../../src/targets/index.ts';

interface OptionsSchema {
  properties: Record<string, { description?: string; examples?: unknown[] }>;
}

it('knows these kinds', () => {
  expect(targetTypes.map(({ type }) => type)).toEqual(['file', 'http', 's3', 'oci', 'b2', 'r2', 'minio', 'cloudinary']);
});

it.each(targetTypes)('$type explains each option and gives an example that fits', ({ schema, summary }) => {
  expect(summary).toMatch(/^[A-Z].*\.$/);
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, keywords: ['x-secret'] });
  ajv.compile(schema);
  for (const [option, rules] of Object.entries((schema as unknown as OptionsSchema).properties)) {
    expect(rules.description, option).toMatch(/\.$/);
    expect(rules.examples?.length, option).toBeGreaterThan(0);
    for (const example of rules.examples ?? []) expect(ajv.validate(rules, example), `${option}: ${String(example)}`).toBe(true);
  }
});
