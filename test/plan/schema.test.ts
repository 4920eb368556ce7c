import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { registries as realRegistries } from '../../src/plan/registries.ts';
import { planSchema, planSchemaText } from '../../src/plan/schema.ts';
import { propertiesOf } from '../../src/plan/schema-walk.ts';
import type { Schema } from '../../src/plan/schema-walk.ts';
import { check, registries, rightPlan } from './fakes.ts';

const committed = readFileSync(join(import.meta.dirname, '../../schema/plan.schema.json'), 'utf8');

test('the committed schema is what the steps and targets declare; `npm run schema` writes it', () => {
  expect(committed).toBe(planSchemaText(realRegistries));
});

test('the committed schema is valid JSON Schema', () => {
  expect(new Ajv2020({ strict: false }).validateSchema(JSON.parse(committed))).toBe(true);
});

test('every option has a description and an example', () => {
  const schema = JSON.parse(committed) as Schema;
  const lacking: string[] = [];
  const look = (part: Schema, path: string): void => {
    for (const [key, option] of Object.entries(propertiesOf(part))) {
      const target = typeof option['$ref'] === 'string' && path.includes('.steps');
      if (typeof option['description'] !== 'string') lacking.push(`${path}.${key}: description`);
      if (!target && (!Array.isArray(option['examples']) || option['examples'].length === 0)) lacking.push(`${path}.${key}: examples`);
      look(option, `${path}.${key}`);
    }
  };
  look(schema, 'plan');
  for (const [name, part] of Object.entries(schema['$defs'] as Record<string, Schema>)) look(part, name);
  expect(lacking).toEqual([]);
});

test('examples are right by the schema they stand in', () => {
  const schema = JSON.parse(committed) as Schema;
  const wrong: string[] = [];
  for (const [name, part] of Object.entries(schema['$defs'] as Record<string, Schema>)) {
    for (const [key, option] of Object.entries(propertiesOf(part))) {
      const validate = new Ajv2020({ strict: false }).compile({ ...option, $defs: schema['$defs'] });
      for (const example of (option['examples'] ?? []) as unknown[]) if (!validate(example)) wrong.push(`${name}.${key}: ${JSON.stringify(example)}`);
    }
  }
  expect(wrong).toEqual([]);
});

describe('an editor and bat agree', () => {
  const validate = new Ajv2020({ strict: false }).compile(planSchema(registries));
  const plans: [name: string, plan: string, right: boolean][] = [
    ['a plan', rightPlan, true],
    ['variables for sizes, numbers, words and switches', rightPlan.replace('64MiB', '"${SIZE}"').replace('- compress', '- compress: { codec: "${CODEC}", level: "${LEVEL}" }').replace('~/Documents', 'x, exclude-caches: "${CACHES}"'), true],
    ['secrets by reference', rightPlan.replace('type: file, path: /mnt/usb', 'type: vault, key: { file: x }, login: { password: { command: [a] } }'), true],
    ['a secret by a short variable', rightPlan.replace('type: file, path: /mnt/usb', 'type: vault, key: "${K}"'), true],
    ['a step without options', rightPlan.replace('- compress', '- compress:'), true],
    ['a retry by a variable', rightPlan.replace('{ to: usb }', '{ to: usb, retry: { attempts: "${TRIES}", for: "${TIME}" } }'), true],
    ['a command', rightPlan.replace('path: ~/Documents', 'command: [a], as: b'), true],
    ['anchors', `x-all: { a: 1 }\n${rightPlan}`, true],
    ['a size that is none', rightPlan.replace('64MiB', 'much'), false],
    ['an unknown option', rightPlan.replace('volume', 'volumes'), false],
    ['a step that needs options', rightPlan.replace('upload: { to: usb }', 'upload'), false],
    ['a step that nobody writes', rightPlan.replace('- compress', '- files'), false],
    ['two reference at once', rightPlan.replace('type: file, path: /mnt/usb', 'type: vault, key: { file: x, command: [a] }'), false],
    ['an unknown type', rightPlan.replace('type: file', 'type: fil'), false],
    ['options of another type', rightPlan.replace('type: file', 'type: vault'), false],
    ['a path and a command', rightPlan.replace('path: ~/Documents', 'path: x, command: [a], as: b'), false],
    ['a reserved name', rightPlan.replace('docs:', 'volumes:'), false],
    ['another version', rightPlan.replace('version: 1', 'version: 2'), false],
  ];
  test.each(plans)('%s', async (_name, plan, right) => {
    expect(validate(parse(plan)), JSON.stringify(validate.errors)).toBe(right);
    expect((await check(plan)).mistakes.length === 0).toBe(right);
  });
});
