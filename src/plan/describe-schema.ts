/** What a schema asks for, in a few words: `a size such as 128MiB`, `"keep", "follow" or "skip"`. */
import { hoursPattern } from '../core/hours.ts';
import { tagPattern } from '../core/tags.ts';
import { durationPattern, ratePattern, sizePattern } from '../core/units.ts';
import { idSchema } from './part-schemas.ts';
import { alternativesOf, propertiesOf } from './schema-walk.ts';
import type { Schema } from './schema-walk.ts';
import { either } from './words.ts';

const patterns: Record<string, string> = {
  [sizePattern]: 'a size such as 128MiB',
  [durationPattern]: 'a duration such as 30s, 5min or 6h',
  [ratePattern]: 'a rate such as 2MiB/s or 8Mbit/s',
  [hoursPattern]: 'hours such as 22:00-06:00',
  [tagPattern]: 'a tag of at most 64 letters, digits and . _ : @ + = / -',
  [idSchema['pattern'] as string]: 'a name of at most 64 letters, digits, "-" and "_" that starts with a letter or digit',
};

export function describeSchema(schema: Schema, examples: unknown = schema['examples']): string {
  const alternatives = alternativesOf(schema)?.filter((part) => part['type'] !== undefined || 'const' in part || 'enum' in part);
  if (alternatives && alternatives.length > 0) return either([...new Set(alternatives.map((part) => describeSchema(part, part['examples'] ?? examplesOf(part, examples))))]);
  if ('const' in schema) return literal(schema['const']);
  if (Array.isArray(schema['enum'])) return either(schema['enum'].map(literal));
  const pattern = schema['pattern'] as string | undefined;
  if (pattern !== undefined) return patterns[pattern] ?? `a text${such(examples)}`;
  switch (schema['type']) {
    case 'string': return `a text${length(schema)}`;
    case 'boolean': return 'true or false';
    case 'integer': return `a whole number${range(schema)}`;
    case 'number': return `a number${range(schema)}`;
    case 'array': return schema['items'] ? `a list, each of it ${describeSchema(schema['items'] as Schema, flat(examples))}` : 'a list';
    case 'object': return `a map${keys(schema)}`;
    default: return 'something else';
  }
}

function literal(value: unknown): string {
  return JSON.stringify(value);
}

/** The examples of an option that could be ones of this way to write it. */
function examplesOf(schema: Schema, examples: unknown): unknown {
  if (!Array.isArray(examples)) return undefined;
  return examples.filter((example) => (schema['type'] === 'array') === Array.isArray(example));
}

function flat(examples: unknown): unknown {
  return Array.isArray(examples) ? examples.flat() : undefined;
}

function such(examples: unknown): string {
  const first = Array.isArray(examples) ? (examples[0] as unknown) : undefined;
  return first === undefined || typeof first === 'object' ? '' : ` such as ${String(first)}`;
}

function range(schema: Schema): string {
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, at least ${minimum}`;
  return maximum === undefined ? '' : `, at most ${maximum}`;
}

function length({ minLength }: { minLength?: number }): string {
  return minLength !== undefined && minLength > 1 ? ` of at least ${minLength} characters` : '';
}

function keys(schema: Schema): string {
  const names = Object.keys(propertiesOf(schema));
  return names.length === 0 ? '' : ` with ${either(names)}`;
}
