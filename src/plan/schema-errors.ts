/**
 * Holds a value to a JSON Schema, by the keywords that the schemas of bat use. A library does more: it writes a program for each
 * schema and has it compiled, which pays for thousands of values. For the ten parts of a plan that took longer than all else at
 * the start of a command. The tests hold this to such a library, error by error.
 */
import { below } from './mistake.ts';
import type { Schema } from './schema-walk.ts';
import { isMap } from './words.ts';

export interface SchemaError {
  keyword: string;
  /** Where the value stands in what was checked: a JSON pointer. */
  instancePath: string;
  /** Where the keyword stands in the schema. */
  schemaPath: string;
  params: Record<string, unknown>;
  /** The schema that has the keyword. */
  parentSchema: Schema;
  data: unknown;
}

/** A value and what it is held to. */
interface Place {
  data: unknown;
  schema: Schema;
  instancePath: string;
  schemaPath: string;
}

/** All that is wrong, not the first thing only. Throws for a keyword that is neither known nor a note. */
export function schemaErrors(schema: Schema, data: unknown): SchemaError[] {
  return errorsAt({ data, schema, instancePath: '', schemaPath: '#' });
}

/** They explain, and demand nothing. */
const notes = new Set(['description', 'examples', 'default', 'x-secret']);

function errorsAt(place: Place): SchemaError[] {
  return Object.entries(place.schema).flatMap(([keyword, demand]) => {
    if (notes.has(keyword)) return [];
    const check = checks[keyword];
    if (!check) throw new Error(`bat does not know the keyword "${keyword}" of a schema`);
    return check(demand as never, place);
  });
}

/** Each by its keyword. As JSON Schema has it, one that is about texts says nothing of a number, and so on. */
const checks: Record<string, (demand: never, place: Place) => SchemaError[]> = {
  type: (types: string | string[], place) => unless([types].flat().some((type) => isOf(type, place.data)), place, 'type', { type: types }),
  const: (value: unknown, place) => unless(place.data === value, place, 'const'),
  enum: (values: unknown[], place) => unless(values.includes(place.data), place, 'enum'),

  pattern: (pattern: string, place) => unless(typeof place.data !== 'string' || new RegExp(pattern, 'u').test(place.data), place, 'pattern'),
  minLength: (least: number, place) => unless(typeof place.data !== 'string' || [...place.data].length >= least, place, 'minLength'),
  maxLength: (most: number, place) => unless(typeof place.data !== 'string' || [...place.data].length <= most, place, 'maxLength'),

  minimum: (least: number, place) => unless(typeof place.data !== 'number' || place.data >= least, place, 'minimum'),
  maximum: (most: number, place) => unless(typeof place.data !== 'number' || place.data <= most, place, 'maximum'),

  minItems: (least: number, place) => unless(!Array.isArray(place.data) || place.data.length >= least, place, 'minItems'),
  maxItems: (most: number, place) => unless(!Array.isArray(place.data) || place.data.length <= most, place, 'maxItems'),
  uniqueItems: (_wanted: true, place) => (Array.isArray(place.data) ? repeated(place.data, place) : []),
  items: (schema: Schema, place) => (Array.isArray(place.data) ? place.data.flatMap((item, index) => errorsAt(inside(place, index, item, schema, 'items'))) : []),

  minProperties: (least: number, place) => unless(!isMap(place.data) || Object.keys(place.data).length >= least, place, 'minProperties'),
  maxProperties: (most: number, place) => unless(!isMap(place.data) || Object.keys(place.data).length <= most, place, 'maxProperties'),
  required: (keys: string[], place) => keys.flatMap((key) => unless(!isMap(place.data) || has(place.data, key), place, 'required', { missingProperty: key })),
  dependentRequired: (needs: Record<string, string[]>, place) =>
    Object.entries(needs).flatMap(([property, keys]) =>
      keys.flatMap((key) => unless(!isMap(place.data) || !has(place.data, property) || has(place.data, key), place, 'dependentRequired', { property, missingProperty: key })),
    ),
  properties: (schemas: Record<string, Schema>, place) =>
    entriesOf(place.data).flatMap(([key, value]) => (Object.hasOwn(schemas, key) ? errorsAt(inside(place, key, value, schemas[key]!, `properties/${key}`)) : [])),
  patternProperties: (schemas: Record<string, Schema>, place) =>
    Object.entries(schemas).flatMap(([pattern, schema]) =>
      entriesOf(place.data).flatMap(([key, value]) => (new RegExp(pattern, 'u').test(key) ? errorsAt(inside(place, key, value, schema, `patternProperties/${pattern}`)) : [])),
    ),
  additionalProperties: (schema: Schema | boolean, place) =>
    entriesOf(place.data).flatMap(([key, value]) => {
      if (schema === true || isNamed(key, place.schema)) return [];
      return schema === false ? [error(place, 'additionalProperties', { additionalProperty: key })] : errorsAt(inside(place, key, value, schema, 'additionalProperties'));
    }),

  anyOf: (schemas: Schema[], place) => choice('anyOf', schemas, place, (fitting) => fitting > 0),
  oneOf: (schemas: Schema[], place) => choice('oneOf', schemas, place, (fitting) => fitting === 1),
};

/** Of several schemas: where none fits, what is wrong by each; and that not the right number of them fits. */
function choice(keyword: string, schemas: readonly Schema[], place: Place, isRight: (fitting: number) => boolean): SchemaError[] {
  const wrong = schemas.map((schema, index) => errorsAt({ ...place, schema, schemaPath: `${place.schemaPath}/${keyword}/${index}` }));
  const fitting = wrong.filter((errors) => errors.length === 0).length;
  return isRight(fitting) ? [] : [...(fitting === 0 ? wrong.flat() : []), error(place, keyword)];
}

/** The first text that was there before. All lists in which nothing may be twice are lists of texts; what else is in them is wrong by itself. */
function repeated(items: readonly unknown[], place: Place): SchemaError[] {
  const known = new Map<unknown, number>();
  for (const [i, item] of items.entries()) {
    const j = known.get(item);
    if (j !== undefined) return [error(place, 'uniqueItems', { i, j })];
    if (typeof item === 'string') known.set(item, i);
  }
  return [];
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'object': return isMap(value);
    case 'array': return Array.isArray(value);
    case 'null': return value === null;
    case 'integer': return Number.isInteger(value);
    case 'number': return Number.isFinite(value);
    default: return typeof value === type;
  }
}

function isNamed(key: string, { properties = {}, patternProperties = {} }: Schema): boolean {
  return Object.hasOwn(properties as object, key) || Object.keys(patternProperties as object).some((pattern) => new RegExp(pattern, 'u').test(key));
}

function has(map: Record<string, unknown>, key: string): boolean {
  return Object.hasOwn(map, key) && map[key] !== undefined;
}

function entriesOf(value: unknown): [key: string, value: unknown][] {
  return isMap(value) ? Object.entries(value).filter(([, item]) => item !== undefined) : [];
}

function inside({ instancePath, schemaPath }: Place, key: string | number, data: unknown, schema: Schema, keyword: string): Place {
  return { data, schema, instancePath: below(instancePath, key), schemaPath: `${schemaPath}/${keyword}` };
}

function unless(isRight: boolean, place: Place, keyword: string, params: Record<string, unknown> = {}): SchemaError[] {
  return isRight ? [] : [error(place, keyword, params)];
}

function error({ data, schema, instancePath, schemaPath }: Place, keyword: string, params: Record<string, unknown> = {}): SchemaError {
  return { keyword, instancePath, schemaPath: `${schemaPath}/${keyword}`, params, parentSchema: schema, data };
}
