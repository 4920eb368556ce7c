/** Checks one part of a plan against its schema. The validator is loaded when the first part is checked. */
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import { explainSchemaErrors } from './explain-schema-errors.ts';
import type { Part } from './explain-schema-errors.ts';
import type { Loaded } from './load.ts';
import { pointerParts } from './mistake.ts';
import type { Finding, Report } from './mistake.ts';
import type { Schema } from './schema-walk.ts';
import { withSecretReferences } from './secret-schema.ts';

/** What the checks of a plan's parts share. */
export interface PartChecker {
  report: Report;
  warn: Report;
  /** Reports what is wrong with `value`, which stands at the part's place, and returns it too. A secret may be a reference. */
  part(part: Part, schema: Schema, value: unknown): Promise<Finding[]>;
  /** Nothing is known of the value there, since a variable is not set. */
  isUnknown(pointer: string): boolean;
}

/** The schemas are bat's own, and a test holds them to the standard: looking at them at each start would take longer than a plan. */
const trusted = { validateSchema: false, meta: false, code: { optimize: false } } as const;

let loading: Promise<Ajv2020> | null = null;
const compiled = new WeakMap<Schema, ValidateFunction>();

export function partChecker(loaded: Loaded, report: Report, warn: Report): PartChecker {
  const isUnknown = (pointer: string): boolean => loaded.spots.get(pointer)?.unknown === true;
  return {
    report,
    warn,
    isUnknown,
    async part(part, schema, value) {
      const validate = await validator(schema);
      if (validate(value)) return [];
      if (useTexts(validate, loaded, part, value) && validate(value)) return [];
      const findings = explainSchemaErrors(validate.errors ?? [], { ...part, words: loaded.words, isUnknown });
      for (const finding of findings) report(finding);
      return findings;
    },
  };
}

async function validator(schema: Schema): Promise<ValidateFunction> {
  const known = compiled.get(schema);
  if (known) return known;
  loading ??= import('ajv/dist/2020.js').then(({ Ajv2020 }) => new Ajv2020({ allErrors: true, verbose: true, strict: false, logger: false, ...trusted }));
  const validate = (await loading).compile(withSecretReferences(schema));
  compiled.set(schema, validate);
  return validate;
}

/** Where a text is asked for, a variable that reads as a number or as true or false is the text it is. Whether there was one. */
function useTexts(validate: ValidateFunction, loaded: Loaded, part: Part, value: unknown): boolean {
  let changed = false;
  for (const error of validate.errors ?? []) {
    const text = loaded.spots.get(part.pointer + error.instancePath)?.interpolated;
    if (error.keyword !== 'type' || ![error.params['type']].flat().includes('string') || text === undefined) continue;
    changed = replace(value, pointerParts(error.instancePath), text) || changed;
  }
  return changed;
}

function replace(root: unknown, parts: readonly string[], text: string): boolean {
  const last = parts.at(-1);
  if (last === undefined) return false;
  const holder = parts.slice(0, -1).reduce((value, part) => (value as Record<string, unknown>)[part], root) as Record<string, unknown>;
  if (holder[last] === text) return false;
  holder[last] = text;
  return true;
}
