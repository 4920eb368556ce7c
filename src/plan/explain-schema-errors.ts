/** Turns what is wrong with one part of a plan by its JSON Schema into sentences with a place and a way out. */
import { stringify } from 'yaml';
import { describeSchema } from './describe-schema.ts';
import { below, pointerParts } from './mistake.ts';
import type { Finding } from './mistake.ts';
import { alternativesOf, propertiesOf } from './schema-walk.ts';
import type { SchemaError } from './schema-errors.ts';
import type { Schema } from './schema-walk.ts';
import { either, isMap, nearest, quote } from './words.ts';

/** A part of a plan that is checked on its own. */
export interface Part {
  /** Where it stands in the plan. */
  pointer: string;
  /** What it is in a sentence: `the step tar`. */
  name: string;
}

export interface ExplainContext extends Part {
  /** The value in words, or null if it must not be shown. */
  words(pointer: string, value: unknown): string | null;
  /** Nothing is known of the value there, so nothing is wrong with it. */
  isUnknown(pointer: string): boolean;
}

export function explainSchemaErrors(errors: readonly SchemaError[], context: ExplainContext): Finding[] {
  return explainAll(errors, context);
}

function explainAll(errors: readonly SchemaError[], context: ExplainContext): Finding[] {
  const choices = errors.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf');
  const outermost = choices.filter((choice) => !choices.some((other) => other !== choice && isInside(choice, other)));
  const single = errors.filter((error) => !outermost.some((choice) => choice === error || isInside(error, choice)) && !isMisspelt(error, errors));
  return [
    ...single.filter((error) => !context.isUnknown(context.pointer + error.instancePath)).map((error) => explain(error, context)),
    ...outermost.flatMap((choice) => explainChoice(choice, errors.filter((error) => isInside(error, choice)), context)),
  ];
}

/** Several ways to write a value, and none fits: speaks of the one that was probably meant. */
function explainChoice(choice: SchemaError, inner: readonly SchemaError[], context: ExplainContext): Finding[] {
  const pointer = context.pointer + choice.instancePath;
  if (context.isUnknown(pointer)) return [];
  const schema = choice.parentSchema;
  const branches = (alternativesOf(schema) ?? []).map((_, index) => inner.filter((error) => error.schemaPath.startsWith(`${choice.schemaPath}/${index}/`)));
  if (inner.every((error) => error.keyword === 'required' && error.instancePath === choice.instancePath)) return [explainRequiredChoice(choice, inner, pointer, context)];
  const meant = branches.filter((branch) => branch.length > 0 && !branch.some((error) => error.keyword === 'type' && error.instancePath === choice.instancePath));
  const [branch] = meant.sort((a, b) => a.length - b.length);
  if (branch?.some((error) => error.instancePath !== choice.instancePath || !isAboutValue(error))) return explainAll(branch, context);
  const suggestion = branch?.map((error) => explain(error, context).suggestion).find((word) => word !== undefined);
  return [{ pointer, message: sentence(pointer, choice.data, context), expected: describeSchema(schema), suggestion }];
}

/** One of several options has to be there, or only one of them may be. */
function explainRequiredChoice(choice: SchemaError, inner: readonly SchemaError[], pointer: string, context: ExplainContext): Finding {
  const options = (alternativesOf(choice.parentSchema) ?? []).flatMap((part) => (part['required'] as string[] | undefined) ?? []);
  const names = [...new Set(options)].map(quote);
  const where = label(pointer, context);
  if (inner.length > 0) return { pointer, message: `${where} lacks an option.`, expected: either(names) };
  return { pointer, message: `${where} has options that exclude each other.`, expected: `only one of ${either(names)}` };
}

function explain(error: SchemaError, context: ExplainContext): Finding {
  const pointer = context.pointer + error.instancePath;
  const schema = error.parentSchema;
  const say = (rest: Partial<Finding>): Finding => ({ pointer, message: sentence(pointer, error.data, context), expected: describeSchema(schema), ...rest });
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty']);
      const expected = either(Object.keys(propertiesOf(schema)));
      return { pointer: below(pointer, key), at: 'key', message: `${quote(key)} is no option of ${inner(pointer, context)}.`, expected, suggestion: meantOption(error) };
    }
    case 'required': {
      const key = String(error.params['missingProperty']);
      return say({ message: `${label(pointer, context)} has no ${quote(key)}.`, expected: example(key, propertiesOf(schema)[key]) });
    }
    case 'dependentRequired': {
      const { property, missingProperty: key } = error.params as { property: string; missingProperty: string };
      return say({ message: `${label(pointer, context)} has ${quote(property)}, but no ${quote(key)}.`, expected: example(key, propertiesOf(schema)[key]) });
    }
    case 'enum':
      return say({ suggestion: typeof error.data === 'string' ? nearest(error.data, (schema['enum'] as unknown[]).filter((word) => typeof word === 'string')) : undefined });
    case 'const':
      return say({ suggestion: typeof error.data === 'string' && typeof schema['const'] === 'string' ? nearest(error.data, [schema['const']]) : undefined });
    case 'minProperties':
    case 'minItems':
      return say({ message: `${label(pointer, context)} is empty.` });
    case 'maxProperties':
      return say({ message: `${label(pointer, context)} says more than one thing.` });
    case 'maxItems':
      return say({ message: `${label(pointer, context)} is too long.`, expected: `at most ${String(schema['maxItems'])}` });
    case 'uniqueItems':
      return { pointer: below(pointer, Math.max(Number(error.params['i']), Number(error.params['j']))), message: `${label(pointer, context)} says the same thing twice.` };
    default:
      return say({});
  }
}

/** The option that an unknown one was probably meant to be: one that is not there yet. */
function meantOption(error: SchemaError): string | undefined {
  const free = Object.keys(propertiesOf(error.parentSchema)).filter((option) => !isMap(error.data) || !Object.hasOwn(error.data, option));
  return nearest(String(error.params['additionalProperty']), free);
}

/** An option that is missing because its key is misspelt is reported once, as misspelt. */
function isMisspelt(error: SchemaError, errors: readonly SchemaError[]): boolean {
  if (error.keyword !== 'required') return false;
  const unknown = errors.filter((other) => other.keyword === 'additionalProperties' && other.instancePath === error.instancePath);
  return unknown.some((other) => meantOption(other) === error.params['missingProperty']);
}

/** Whether an error says that a value is not right, and not that something is missing or too much. */
function isAboutValue(error: SchemaError): boolean {
  return !['additionalProperties', 'required', 'dependentRequired', 'uniqueItems', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'anyOf', 'oneOf'].includes(error.keyword);
}

function isInside(error: SchemaError, choice: SchemaError): boolean {
  return error.schemaPath.startsWith(`${choice.schemaPath}/`) && error.instancePath.startsWith(choice.instancePath);
}

function sentence(pointer: string, value: unknown, context: ExplainContext): string {
  const words = context.words(pointer, value);
  return words === null ? `${label(pointer, context)} is not right.` : `${label(pointer, context)} is ${words}.`;
}

function label(pointer: string, context: Part): string {
  const name = inner(pointer, context);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** `the step tar`, `"volume"`, `"retry.for"`, `item 2 of "to"`. */
function inner(pointer: string, context: Part): string {
  const parts = pointerParts(pointer.slice(context.pointer.length));
  if (parts.length === 0) return context.name;
  const last = parts.at(-1)!;
  return /^\d+$/.test(last) ? `item ${Number(last) + 1} of ${quote(parts.slice(0, -1).join('.'))}` : quote(parts.join('.'));
}

/** `to: usb`, made of the option's own example. */
function example(key: string, schema: Schema | undefined): string {
  const [first] = (schema?.['examples'] ?? []) as unknown[];
  return first === undefined ? `${key}: …` : stringify({ [key]: first }, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trim().replace(/^\{ | \}$/g, '');
}
