/** What a plan may say about a source. */
import { sizePattern } from '../core/units.ts';
import { retentionSchema } from './retention.ts';
import type { Schema } from './schema-walk.ts';

/** A source as the plan writes it, once it has passed its schema. */
export interface SourceOptions {
  path?: string | string[];
  command?: string[] | string;
  shell?: boolean;
  as?: string;
  category?: string;
  exclude?: string | string[];
  'exclude-caches'?: boolean;
  'exclude-if-present'?: string | string[];
  'exclude-larger-than'?: string | number;
  'one-file-system'?: boolean;
  'ignore-file'?: string | false;
  symlinks?: 'keep' | 'follow' | 'skip';
  retention?: Record<string, unknown>;
}

/** A part of a path: no slash, not `.` or `..`. */
const fileNamePattern = '^(?!\\.{1,2}$)[^/\\u0000]+$';

const oneOrMore = (item: Schema): Schema[] => [
  { type: 'string', ...item },
  { type: 'array', items: { type: 'string', ...item } },
];

export const sourceSchema: Schema = {
  description: 'What is backed up under this name: a path, several paths, or the output of a command.',
  type: 'object',
  additionalProperties: false,
  examples: [{ path: '~/Documents', exclude: ['*.tmp'] }, { command: ['pg_dump', '--format=custom', 'app'], as: 'app.dump' }],
  properties: {
    path: {
      description: 'A folder or file, or a list of them. Relative to the folder of the plan; ~ is the home folder. Each path of a list is stored under its last part.',
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
      ],
      examples: ['~/Documents', ['/etc', '/srv/www']],
    },
    command: {
      description: 'A program and its arguments, whose output is stored as one file. A single text, which the shell runs, only with `shell: true`.',
      anyOf: [
        { type: 'array', minItems: 1, items: { type: 'string' } },
        { type: 'string', minLength: 1 },
      ],
      examples: [['pg_dump', '--format=custom', 'app']],
    },
    shell: { description: 'Lets the shell run the command, which is then one text. Default: false.', type: 'boolean', examples: [true] },
    as: { description: 'The name of the file that a command\'s output is stored as.', type: 'string', pattern: fileNamePattern, examples: ['app.dump'] },
    category: { description: 'A word of your own for the summary.', type: 'string', examples: ['personal'] },
    exclude: {
      description: 'What is left out, as patterns of .gitignore. A later one wins; one that starts with ! takes back in.',
      anyOf: oneOrMore({}),
      examples: [['*.tmp', '**/.cache/', '!keep.tmp']],
    },
    'exclude-caches': { description: 'Leaves out what is in folders that are marked as caches by a CACHEDIR.TAG. Default: false.', type: 'boolean', examples: [true] },
    'exclude-if-present': {
      description: 'Leaves out what is in folders that hold a file of this name, or of one of these names.',
      anyOf: oneOrMore({ pattern: fileNamePattern }),
      examples: ['.nobackup', ['.nobackup', '.no-bat']],
    },
    'exclude-larger-than': {
      description: 'Leaves out files larger than this.',
      anyOf: [
        { type: 'string', pattern: sizePattern },
        { type: 'integer', minimum: 0 },
      ],
      examples: ['4GiB'],
    },
    'one-file-system': { description: 'Does not enter what is mounted below the path. Default: false.', type: 'boolean', examples: [true] },
    'ignore-file': {
      description: 'The name of files that hold more patterns for their folder and below; false for none. Default: .batignore.',
      anyOf: [{ type: 'string', pattern: fileNamePattern }, { const: false }],
      examples: ['.gitignore', false],
    },
    symlinks: {
      description: 'What becomes of symbolic links: kept as links, followed to what they name, or skipped. Default: keep.',
      enum: ['keep', 'follow', 'skip'],
      examples: ['follow'],
    },
    retention: { ...retentionSchema, description: 'Which snapshots of this source are kept, in place of what the plan says for all.', examples: [{ last: 1 }] },
  },
};

/** Options that mean something for any source, those for a command, and those for paths. */
const anyOptions = new Set(['category', 'retention']);
export const commandOptions = ['command', 'shell', 'as'];
export const pathOptions = Object.keys(sourceSchema['properties'] as object).filter((key) => !anyOptions.has(key) && !commandOptions.includes(key));
