/** The one JSON Schema of a plan, for editors and other tools, composed from what every step and target declares. */
import { reservedFolders } from '../volume/names.ts';
import { writableSteps } from './kinds.ts';
import type { Registries } from './kinds.ts';
import { frameSchema, hookSchema, idSchema, stepSchema, targetSchema } from './part-schemas.ts';
import { alternativesOf, propertiesOf, requiredOf } from './schema-walk.ts';
import type { Schema } from './schema-walk.ts';
import { secretReferenceSchema, withSecretReferences } from './secret-schema.ts';
import { sourceSchema } from './source-schema.ts';
import { variableSchema, withVariables } from './variable-schema.ts';

const reference = (name: string): Schema => ({ $ref: `#/$defs/${name}` });

/** A plan that bat accepts passes this schema; the rules between the parts of a plan are `bat validate`'s. */
export function planSchema(registries: Registries): Schema {
  const { version, sources, steps, targets, ...others } = propertiesOf(frameSchema);
  const stepSchemas: Record<string, Schema> = {};
  for (const type of writableSteps(registries)) stepSchemas[type.kind] = stepSchema(type);
  for (const type of registries.hooks) stepSchemas[type.kind] = hookSchema(type);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A plan of bat',
    description: 'What is backed up, how, and where to.',
    ...frameSchema,
    properties: {
      version,
      ...written({ properties: others })['properties'] as Schema,
      sources: { ...sources, propertyNames: { ...idSchema, not: { enum: [...reservedFolders] } }, additionalProperties: reference('source') },
      steps: { ...steps, items: { anyOf: [bareWords(stepSchemas), stepMap(stepSchemas)] } },
      targets: { ...targets, propertyNames: idSchema, additionalProperties: reference('target') },
    },
    $defs: {
      source: { ...written(sourceSchema), oneOf: [{ required: ['path'] }, { required: ['command', 'as'] }] },
      ...Object.fromEntries(Object.entries(stepSchemas).map(([kind, schema]) => [`step-${kind}`, optional(written(schema))])),
      target: targetChoice(registries),
      ...Object.fromEntries(registries.targets.map((type) => [`target-${type.type}`, writtenTarget(targetSchema(type))])),
      secret: secretReferenceSchema,
      variable: variableSchema,
    },
  };
}

/** The schema as its file holds it. */
export function planSchemaText(registries: Registries): string {
  return `${JSON.stringify(planSchema(registries), null, 2)}\n`;
}

/** Options as they stand in the file: secrets by reference, variables not yet put in. */
function written(schema: Schema): Schema {
  return withVariables(withSecretReferences(schema, reference('secret')), reference('variable'));
}

/** The type of a target chooses its schema, and stays the plain word. */
function writtenTarget(schema: Schema): Schema {
  const result = written(schema);
  return { ...result, properties: { ...propertiesOf(result), type: propertiesOf(schema)['type'] } };
}

/** `- tar:` with nothing behind it is a step without options. */
function optional(schema: Schema): Schema {
  return needsOptions(schema) ? schema : { ...schema, type: ['object', 'null'] };
}

function needsOptions(schema: Schema): boolean {
  return requiredOf(schema).length > 0 || alternativesOf(schema) !== null;
}

function bareWords(steps: Record<string, Schema>): Schema {
  const words = Object.entries(steps).filter(([, schema]) => !needsOptions(schema));
  return { description: 'A step without options.', type: 'string', enum: words.map(([kind]) => kind) };
}

function stepMap(steps: Record<string, Schema>): Schema {
  return {
    description: 'A step with its options.',
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    properties: Object.fromEntries(Object.entries(steps).map(([kind, schema]) => [kind, { description: schema['description'], ...reference(`step-${kind}`) }])),
  };
}

function targetChoice(registries: Registries): Schema {
  return {
    description: 'A place that stores objects.',
    type: 'object',
    required: ['type'],
    properties: {
      type: { description: `The kind of target. ${registries.targets.map((type) => `${type.type}: ${type.summary}`).join(' ')}`, enum: registries.targets.map((type) => type.type), examples: ['file'] },
    },
    allOf: registries.targets.map((type) => conditional({ properties: { type: { const: type.type } }, required: ['type'] }, reference(`target-${type.type}`))),
  };
}

/** `if` and `then` of JSON Schema; put together so that no object is written that looks like a promise. */
function conditional(...parts: [condition: Schema, consequence: Schema]): Schema {
  return Object.fromEntries(['if', 'then'].map((keyword, index) => [keyword, parts[index]]));
}
