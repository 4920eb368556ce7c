/** The tables of options in docs/plan.md and docs/serve.md, made of the schemas that bat checks with. */
import { retrySchema } from '../src/core/retry.ts';
import { hoursPattern } from '../src/core/hours.ts';
import { tagPattern } from '../src/core/tags.ts';
import { durationPattern, ratePattern, sizePattern } from '../src/core/units.ts';
import { writableSteps } from '../src/plan/kinds.ts';
import { frameSchema, hookSchema, idSchema, stepSchema, targetSchema } from '../src/plan/part-schemas.ts';
import { registries } from '../src/plan/registries.ts';
import { alternativesOf, propertiesOf, requiredOf, type Schema } from '../src/plan/schema-walk.ts';
import { secretReferenceSchema } from '../src/plan/secret-schema.ts';
import { retentionSchema } from '../src/plan/retention.ts';
import { sourceSchema } from '../src/plan/source-schema.ts';
import { limitSchema, targetOptionSchemas } from '../src/plan/target-options.ts';
import { folderSchema, limitsSchema, listenPattern, serveSchema, tokenPattern, userSchema } from '../src/server/settings/schema.ts';

const patterns = new Map<unknown, string>([
  [sizePattern, 'size'],
  [durationPattern, 'duration'],
  [ratePattern, 'rate'],
  [hoursPattern, 'hours'],
  [tagPattern, 'tag'],
  [idSchema['pattern'], 'name'],
  [listenPattern, 'address:port'],
  [tokenPattern, 'SHA-256'],
]);
/** Options that every step has, in a table of their own. */
const ofEveryStep = ['id', 'from'];

/** By the name that stands in the page: `<!-- options: step tar -->` … `<!-- end -->`. */
function planTables(): Map<string, string> {
  const steps = [
    ...writableSteps(registries).map((type): [string, Schema] => [`step ${type.kind}`, stepSchema(type)]),
    ...registries.hooks.map((type): [string, Schema] => [`step ${type.kind}`, hookSchema(type)]),
  ];
  const parts: [name: string, schema: Schema][] = [
    ['plan', frameSchema],
    ['source', sourceSchema],
    ['every step', general(steps.map(([, schema]) => schema))],
    ...steps.map(([name, schema]): [string, Schema] => [name, without(schema, ofEveryStep)]),
    ['every target', { properties: targetOptionSchemas }],
    ...registries.targets.map((type): [string, Schema] => [`target ${type.type}`, without(targetSchema(type), Object.keys(targetOptionSchemas))]),
    ['retention', retentionSchema],
    ['retry', retrySchema],
    ['limit', limitSchema],
    ['secret', secretReferenceSchema],
  ];
  return new Map(parts.map(([name, schema]) => [name, table(schema)]));
}

/** Those of docs/serve.md. */
export function serveTables(): Map<string, string> {
  const parts: [name: string, schema: Schema][] = [
    ['serve', serveSchema],
    ['tls', propertiesOf(serveSchema)['tls']!],
    ['folder', alternativesOf(folderSchema)!.find((schema) => schema['type'] === 'object')!],
    ['user', userSchema],
    ['limits', limitsSchema],
  ];
  return new Map(parts.map(([name, schema]) => [name, table(schema)]));
}

/** The page with every table as the schemas have it now. Throws for a place that no table belongs to, and for a table without a place. */
export function fillTables(page: string, tables: ReadonlyMap<string, string> = planTables()): string {
  const missing = new Set(tables.keys());
  const filled = page.replace(/<!-- options: (.+?) -->\n[\s\S]*?<!-- end -->/g, (_place, name: string) => {
    const text = tables.get(name);
    if (text === undefined) throw new Error(`the page has a place for "${name}", and there is no such table`);
    missing.delete(name);
    return `<!-- options: ${name} -->\n${text}<!-- end -->`;
  });
  if (missing.size > 0) throw new Error(`the page has no place for ${[...missing].map((name) => `<!-- options: ${name} -->`).join(', ')}`);
  return filled;
}

function without(schema: Schema, names: readonly string[]): Schema {
  return { ...schema, properties: Object.fromEntries(Object.entries(propertiesOf(schema)).filter(([name]) => !names.includes(name))) };
}

/** `id` and `from`, as a step that has both declares them. */
function general(steps: readonly Schema[]): Schema {
  const options = propertiesOf(steps.find((schema) => ofEveryStep.every((name) => name in propertiesOf(schema)))!);
  const id = { ...options['id'], description: 'The name of this step for the `from` of others. Default: its kind.', examples: ['home'] };
  return { properties: { id, from: options['from'] } };
}

function table(schema: Schema): string {
  const rows = Object.entries(propertiesOf(schema)).map(([name, option]) => row(name, option, requiredOf(schema).includes(name)));
  return ['| option | value | meaning | examples |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function row(name: string, option: Schema, isRequired: boolean): string {
  const value = valueOf(option) + (option['x-secret'] === true ? ' or [secret](#variables-and-secrets)' : '');
  const cells = [`\`${name}\`${isRequired ? ' (required)' : ''}`, value, String(option['description']), examplesOf(option)];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** What may be written, in a word or two. */
function valueOf(schema: Schema): string {
  const alternatives = alternativesOf(schema)?.filter((part) => part['type'] !== undefined || 'const' in part);
  if (alternatives && alternatives.length > 0) return [...new Set(alternatives.map(valueOf))].join(' or ');
  if ('const' in schema) return `\`${String(schema['const'])}\``;
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => `\`${String(value)}\``).join(', ');
  const { type, minimum, maximum, items } = schema;
  const known = patterns.get(schema['pattern']);
  if (known !== undefined) return known;
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'array') return items === undefined ? 'list' : `list of ${several(valueOf(items as Schema))}`;
  if (type === 'integer') return `number${minimum === undefined ? '' : maximum === undefined ? ` from ${String(minimum)}` : ` ${String(minimum)} to ${String(maximum)}`}`;
  return type === 'object' ? 'map' : 'text';
}

/** Literal words have no plural. */
function several(words: string): string {
  return words.endsWith('`') ? words : `${words}s`;
}

function examplesOf(option: Schema): string {
  const examples = (option['examples'] ?? []) as unknown[];
  return examples.map((example) => `\`${inline(example)}\``).join('<br>');
}

/** As one would write it in a plan, on one line. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{ ${Object.entries(value).map(([key, part]) => `${key}: ${inline(part)}`).join(', ')} }`;
  if (typeof value !== 'string') return String(value);
  return /^[A-Za-z0-9~/.][\w/.~-]*$/.test(value) || /^[A-Za-z][\w ,.…-]*$/.test(value) ? value : JSON.stringify(value);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
