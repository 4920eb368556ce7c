/**
 * The published schema looks at a plan as it is written, bat at one whose variables are put in. So that an editor
 * does not complain about `volume: ${VOLUME}`, an option that is more than a plain text may also be a variable there.
 */
import { alternativesOf, rewrite, splitNotes } from './schema-walk.ts';
import type { Schema } from './schema-walk.ts';

export const variableSchema: Schema = {
  description: 'A value from the environment or from a file .env beside the plan.',
  type: 'string',
  pattern: '\\$\\{[A-Za-z_]',
  examples: ['${VOLUME_SIZE}', '${VOLUME_SIZE:-128MiB}'],
};

/** Keywords that an unresolved variable would fail. */
const strict = ['enum', 'const', 'pattern', 'format', 'maxLength'];

export function withVariables(schema: Schema, variable: Schema): Schema {
  return rewrite(schema, (part) => {
    const alternatives = alternativesOf(part);
    const { notes, demands } = splitNotes(part);
    if (alternatives?.some(isStrict)) return { ...notes, anyOf: [...alternatives, variable] };
    return isStrict(part) ? { ...notes, anyOf: [demands, variable] } : part;
  });
}

function isStrict(schema: Schema): boolean {
  return ['integer', 'number', 'boolean'].includes(schema['type'] as string) || strict.some((key) => key in schema) || Number(schema['minLength'] ?? 0) > 1;
}
