/** JSON Schemas as data: reading their parts and rewriting them. */
import { isMap } from './words.ts';

export type Schema = Record<string, unknown>;

/** The schema of each option of a map. */
export function propertiesOf(schema: Schema): Record<string, Schema> {
  return (schema['properties'] ?? {}) as Record<string, Schema>;
}

export function requiredOf(schema: Schema): readonly string[] {
  return (schema['required'] ?? []) as readonly string[];
}

/** The ways a value may be written, where there are several. */
export function alternativesOf(schema: Schema): Schema[] | null {
  const list = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(list) ? (list as Schema[]) : null;
}

/** A copy in which `change` has replaced each schema of an option, an item or an alternative, the innermost first. */
export function rewrite(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const copy: Schema = { ...schema };
  const inner = (part: Schema): Schema => change(rewrite(part, change));
  if (isMap(copy['properties'])) {
    copy['properties'] = Object.fromEntries(Object.entries(propertiesOf(schema)).map(([key, part]) => [key, inner(part)]));
  }
  for (const key of ['items', 'additionalProperties']) if (isMap(copy[key])) copy[key] = inner(copy[key]);
  for (const key of ['anyOf', 'oneOf']) {
    const list = copy[key];
    if (Array.isArray(list)) copy[key] = (list as Schema[]).map((part) => rewrite(part, change));
  }
  return copy;
}

/** Splits what explains an option from what it demands. */
export function splitNotes(schema: Schema): { notes: Schema; demands: Schema } {
  const notes: Schema = {};
  const demands: Schema = {};
  for (const [key, value] of Object.entries(schema)) (['description', 'examples', 'default', 'x-secret'].includes(key) ? notes : demands)[key] = value;
  return { notes, demands };
}
