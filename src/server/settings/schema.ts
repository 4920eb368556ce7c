/** What serve.yaml may say. */
import { durationPattern, sizePattern } from '../../core/units.ts';
import { idSchema } from '../../plan/part-schemas.ts';
import type { Schema } from '../../plan/schema-walk.ts';
import { withVariables, variableSchema } from '../../plan/variable-schema.ts';

/** `host:port`; IPv6 in brackets. */
export const listenPattern = '^(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\]):\\d{1,5}$';
/** The SHA-256 of a token, as `bat serve token` prints it. */
export const tokenPattern = '^sha256:[0-9a-f]{64}$';

const size: Schema[] = [
  { type: 'string', pattern: sizePattern },
  { type: 'integer', minimum: 0 },
];
const path: Schema = { type: 'string', minLength: 1 };
const names: Schema = { type: 'array', uniqueItems: true, items: idSchema };
const token: Schema = { type: 'string', pattern: tokenPattern };
const exampleToken = `sha256:${'0123456789abcdef'.repeat(4)}`;

export const folderSchema: Schema = {
  description: 'A folder of the library: its path, or a map with the path and a quota.',
  anyOf: [
    path,
    {
      type: 'object',
      additionalProperties: false,
      required: ['path'],
      properties: {
        path: { description: 'Where the folder lies. Relative to this file; ~ is the home folder.', ...path, examples: ['/srv/photos'] },
        quota: { description: 'The most that uploads may bring the folder to. Default: none.', anyOf: size, examples: ['500GiB'] },
      },
    },
  ],
  examples: ['/srv/documents', { path: '/srv/photos', quota: '500GiB' }],
};

export const userSchema: Schema = {
  description: 'Somebody, or something, that may use the server.',
  type: 'object',
  additionalProperties: false,
  required: ['token', 'rights'],
  examples: [{ token: exampleToken, rights: ['add'] }],
  properties: {
    token: {
      description: 'The SHA-256 of the token, as `bat serve token` prints it, or a list of several: the token itself stands nowhere on the server.',
      anyOf: [token, { type: 'array', minItems: 1, uniqueItems: true, items: token }],
      examples: [exampleToken],
    },
    rights: {
      description: 'What the user may do. read: see and download. add: upload; alone it is append-only, and changes or removes nothing. delete: remove; with add also rename.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { enum: ['read', 'add', 'delete'] },
      examples: [['read', 'add', 'delete'], ['add']],
    },
    library: { description: 'The folders of the library that the user is kept to; [] for none. Default: all.', ...names, examples: [['photos']] },
    stores: { description: 'The plans whose stores the user is kept to; [] for none. Default: all.', ...names, examples: [['laptop']] },
    quota: { description: 'The most that the user may bring, in all. Default: none.', anyOf: size, examples: ['100GiB'] },
  },
};

export const limitsSchema: Schema = {
  description: 'What keeps one visitor, or a mistake, from taking all that the machine has.',
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  examples: [{ upload: '50GiB', idle: '60s' }],
  properties: {
    upload: { description: 'The largest single file. Default: 50GiB.', anyOf: size, examples: ['50GiB'] },
    connections: { description: 'Connections at a time; a quarter of them for one address, but at least 8. Default: 200.', type: 'integer', minimum: 2, maximum: 10_000, examples: [200] },
    idle: { description: 'A request that waits so long for its sender or its reader is ended. Default: 60s.', type: 'string', pattern: durationPattern, examples: ['60s'] },
    'keep-free': { description: 'Uploads never fill a disk beyond this. Default: 1GiB.', anyOf: size, examples: ['1GiB'] },
  },
};

/** The parts are checked one by one, so that each mistake is about one thing: `library` and `users` have schemas of their own below. */
export const serveSchema: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  patternProperties: { '^x-': { description: 'Not read by bat: a place for &anchors that other parts repeat with *anchor.' } },
  properties: {
    version: { description: 'The version of this format.', const: 1, examples: [1] },
    listen: {
      description: 'The address and the port. Only this machine can reach 127.0.0.1; anything wider needs users. Port 0 is any free one. Default: 127.0.0.1:7878.',
      type: 'string',
      pattern: listenPattern,
      examples: ['127.0.0.1:7878', '0.0.0.0:7878', '[::]:7878'],
    },
    tls: {
      description: 'Speak HTTPS, with these files in PEM. They are read again when they change.',
      type: 'object',
      additionalProperties: false,
      required: ['certificate', 'key'],
      examples: [{ certificate: 'cert.pem', key: 'key.pem' }],
      properties: {
        certificate: { description: 'The certificate, and those between it and the root.', ...path, examples: ['cert.pem'] },
        key: { description: 'Its private key.', ...path, examples: ['key.pem'] },
      },
    },
    library: { description: 'The folders that the server keeps: a name of your own for each.', type: 'object', minProperties: 1, examples: [{ photos: '/srv/photos' }] },
    stores: { ...folderSchema, description: 'Where backups of `http` targets lie, in a folder for each plan: its path, or a map with the path and a quota.', examples: ['/srv/backups', { path: '/srv/backups', quota: '2TiB' }] },
    plans: { description: 'Plans of this machine that the page shows.', type: 'array', minItems: 1, uniqueItems: true, items: path, examples: [['plans/nas.yaml']] },
    users: { description: 'Who may use the server: a name of your own for each. Without any, everybody on this machine.', type: 'object', minProperties: 1, examples: [{ camera: { token: exampleToken, rights: ['add'] } }] },
    limits: limitsSchema,
    state: { description: 'The folder for the hash table and sessions. Default: in the state folder of the user, by the path of this file.', ...path, examples: ['/var/lib/bat-serve'] },
    sync: { description: 'How often the library is looked through for what was put there, renamed or removed by hand. Default: 1h.', type: 'string', pattern: durationPattern, examples: ['1h'] },
  },
};

/** As its file holds it, for editors and other tools. */
export function serveSchemaText(): string {
  const properties = serveSchema['properties'] as Record<string, Schema>;
  const named = (name: string): Schema => ({ propertyNames: idSchema, additionalProperties: { $ref: `#/$defs/${name}` } });
  const written = withVariables({ ...serveSchema, properties: { ...properties, version: properties['version'] } }, { $ref: '#/$defs/variable' });
  const writtenProperties = written['properties'] as Record<string, Schema>;
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The settings of `bat serve`',
    description: 'What the server keeps, for whom, and where it listens.',
    ...written,
    properties: { ...writtenProperties, version: properties['version'], library: { ...properties['library'], ...named('folder') }, users: { ...properties['users'], ...named('user') } },
    $defs: {
      folder: withVariables(folderSchema, { $ref: '#/$defs/variable' }),
      user: withVariables(userSchema, { $ref: '#/$defs/variable' }),
      variable: { ...variableSchema, description: 'A value from the environment or from a file .env beside this one.', examples: ['${PHOTOS}', '${PORT:-127.0.0.1:7878}'] },
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
