/** Options that are secrets: what a plan may write for them, and where they are in a schema. */
import type { Registries } from './kinds.ts';
import { propertiesOf, rewrite, splitNotes } from './schema-walk.ts';
import type { Schema } from './schema-walk.ts';

/** Where a secret comes from when it does not stand in the plan. */
export type SecretReference = { file: string } | { command: string[] } | { 'systemd-credential': string };

export const secretReferenceSchema: Schema = {
  description: 'Where the secret comes from: exactly one of the three.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  examples: [{ file: 'secrets/passphrase.txt' }, { command: ['pass', 'show', 'backup'] }, { 'systemd-credential': 'backup' }],
  properties: {
    file: { description: 'A file that holds the secret and nothing else; one newline at its end is cut.', type: 'string', minLength: 1, examples: ['secrets/passphrase.txt'] },
    command: {
      description: 'A program, and its arguments, that prints the secret; one newline at its end is cut.',
      type: 'array',
      minItems: 1,
      items: { type: 'string' },
      examples: [['pass', 'show', 'backup']],
    },
    'systemd-credential': { description: 'The name of a credential that systemd hands to the service (LoadCredential=).', type: 'string', pattern: '^[^/\\s]+$', examples: ['backup'] },
  },
};

/** The schema with `{ file: … }` and the like allowed for each secret. `reference` is the schema of these, or a `$ref` to it. */
export function withSecretReferences(schema: Schema, reference: Schema = secretReferenceSchema): Schema {
  return rewrite(schema, (part) => {
    if (part['x-secret'] !== true) return part;
    const { notes, demands } = splitNotes(part);
    return { ...notes, anyOf: [demands, reference] };
  });
}

/** The paths of keys that lead to secrets: `[['passphrase'], ['login', 'password']]`. */
export function secretPaths(schema: Schema, above: readonly string[] = []): string[][] {
  return Object.entries(propertiesOf(schema)).flatMap(([key, part]) => {
    const path = [...above, key];
    return part['x-secret'] === true ? [path] : secretPaths(part, path);
  });
}

/** The names of all options that are secrets. */
export function secretNamesOf(registries: Registries): ReadonlySet<string> {
  const types = [...registries.steps, ...registries.hooks, ...registries.targets];
  return new Set(types.flatMap((type) => secretPaths(type.schema)).map((path) => path.at(-1)!));
}
