import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writableSteps } from '../../src/plan/kinds.ts';
import { frameSchema, hookSchema, stepSchema, targetSchema } from '../../src/plan/part-schemas.ts';
import { registries } from '../../src/plan/registries.ts';
import { schemaErrors } from '../../src/plan/schema-errors.ts';
import { alternativesOf, propertiesOf, type Schema } from '../../src/plan/schema-walk.ts';
import { withSecretReferences } from '../../src/plan/secret-schema.ts';
import { sourceSchema } from '../../src/plan/source-schema.ts';

const parts: [name: string, schema: Schema][] = [
  ['the plan', frameSchema],
  ['a source', sourceSchema],
  ...writableSteps(registries).map((type): [string, Schema] => [`the step ${type.kind}`, stepSchema(type)]),
  ...registries.hooks.map((type): [string, Schema] => [`the step ${type.kind}`, hookSchema(type)]),
  ...registries.targets.map((type): [string, Schema] => [`the target ${type.type}`, targetSchema(type)]),
];
const schemas = parts.map(([name, schema]): [string, Schema] => [name, withSecretReferences(schema)]);

const junk = fc.oneof(fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 2 ** 40, '', 'x', 'a/b~c', '128MiB', '6h', '日本', [], {}, [1, 1], ['a', 'a'], { a: 1 }), fc.string(), fc.integer());

/** What may stand there and what may not, side by side, as in a plan that somebody writes. */
function valueFor(schema: Schema): fc.Arbitrary<unknown> {
  const ways: fc.Arbitrary<unknown>[] = [junk];
  const { examples, items, enum: words } = schema as { examples?: unknown[]; items?: Schema; enum?: unknown[] };
  if (examples) ways.push(fc.constantFrom(...examples));
  if (words) ways.push(fc.constantFrom(...words));
  if ('const' in schema) ways.push(fc.constant(schema['const']));
  for (const part of alternativesOf(schema) ?? []) ways.push(valueFor({ ...schema, anyOf: undefined, oneOf: undefined, ...part }));
  if (items) ways.push(fc.array(valueFor(items), { maxLength: 3 }));
  const keys = Object.entries(propertiesOf(schema)).map(([key, part]): [string, fc.Arbitrary<unknown>] => [key, valueFor(part)]);
  if (keys.length > 0) ways.push(fc.record(Object.fromEntries([...keys, ['x-note', junk], ['unheard of', junk], ['__proto__x', junk]]), { requiredKeys: [] }));
  return fc.oneof(...ways.map((arbitrary, index) => ({ arbitrary, weight: index === ways.length - 1 ? 5 : 1 })));
}

/** Each as a line, in any order: which keyword, where in the value, where in the schema, about which option. */
function lines(errors: readonly { keyword: string; instancePath: string; schemaPath: string; params: Record<string, unknown> }[]): string[] {
  return errors.map(({ keyword, instancePath, schemaPath, params }) => [keyword, instancePath, schemaPath, params['additionalProperty'], params['missingProperty'], params['property']].join(' ')).toSorted();
}

describe('as a library that knows all of JSON Schema finds it', () => {
  const library = new Ajv2020({ allErrors: true, strict: false });
  test.each(schemas)('%s', (_name, schema) => {
    const validate = library.compile(schema);
    fc.assert(
      fc.property(valueFor(schema), (value) => {
        validate(value);
        expect(lines(schemaErrors(schema, value))).toEqual(lines(validate.errors ?? []));
      }),
      { numRuns: 300 },
    );
  });

  const others: [name: string, schema: Schema, values: unknown[]][] = [
    ['texts by their characters', { minLength: 2, maxLength: 3 }, ['', 'a', '😀', '😀😀', '😀😀😀😀', 5, null]],
    ['numbers', { minimum: 0, maximum: 2 }, [-1, 0, 2, 2.5, '9']],
    ['kinds of values', { type: ['integer', 'null'] }, [1, 1.5, null, '1', [], {}, true]],
    ['a number', { type: 'number' }, [1, 1.5, '1']],
    ['lists', { minItems: 1, maxItems: 2, items: { type: 'string' } }, [[], ['a'], [1, 2, 3], {}, 'abc']],
    ['what is twice in a list', { uniqueItems: true, items: { type: 'string' } }, [['a', 'b'], ['a', 'b', 'a'], [1, '1'], [1, 1], ['a', 'a', 'b', 'b']]],
    ['maps', { minProperties: 1, maxProperties: 2, required: ['a'], dependentRequired: { b: ['a', 'c'] } }, [{}, { a: 1 }, { b: 1 }, { b: 1, c: 1, d: 1 }, { a: undefined }, [], null]],
    ['options of other names', { properties: { a: { type: 'string' } }, patternProperties: { xa: { type: 'number' } }, additionalProperties: { type: 'boolean' } }, [{ a: 1, xa: 'a', b: 2 }, { a: 'a', xa: 1, b: true }]],
    ['options that bear the names of what every map has', { additionalProperties: false, properties: { a: {} } }, [{ constructor: 1 }, { a: 1, toString: 1 }]],
    ['any of', { anyOf: [{ type: 'string' }, { type: 'number' }] }, ['a', 1, null]],
    ['one of', { oneOf: [{ required: ['a'] }, { required: ['b'] }] }, [{ a: 1 }, { a: 1, b: 1 }, {}]],
    ['words', { enum: ['a', 1, null] }, ['a', 1, null, '1', 'b', undefined]],
  ];
  test.each(others)('%s', (_name, schema, values) => {
    const validate = library.compile(schema);
    for (const value of values) {
      validate(value);
      expect(lines(schemaErrors(schema, value)), JSON.stringify(value)).toEqual(lines(validate.errors ?? []));
    }
  });
});

test.each(schemas)('every keyword of %s is known', (_name, schema) => {
  const look = (part: Schema): void => {
    expect(() => schemaErrors(part, null)).not.toThrow();
    const { items, additionalProperties } = part;
    for (const inner of [...Object.values(propertiesOf(part)), ...(alternativesOf(part) ?? []), items, additionalProperties]) if (typeof inner === 'object') look(inner as Schema);
  };
  look(schema);
});

test('what is no number in JSON is none here', () => {
  for (const value of [Infinity, -Infinity, Number.NaN]) for (const type of ['number', 'integer']) expect(schemaErrors({ type }, value)).toHaveLength(1);
});

test('a keyword that is not known is a bug, and not passed over', () => {
  expect(() => schemaErrors({ type: 'string', format: 'date' }, 'x')).toThrow('"format"');
});

test('a long list is looked through once', () => {
  const items = Array.from({ length: 100_000 }, (_, index) => `item ${index}`);
  expect(schemaErrors({ uniqueItems: true }, items)).toEqual([]);
  expect(schemaErrors({ uniqueItems: true }, [...items, 'item 7'])).toMatchObject([{ keyword: 'uniqueItems', params: { i: 100_000, j: 7 } }]);
});
