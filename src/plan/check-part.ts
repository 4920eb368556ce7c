/** Checks one part of a plan against its schema. */
import { explainSchemaErrors } from './explain-schema-errors.ts';
import type { Part } from './explain-schema-errors.ts';
import type { Loaded } from './load.ts';
import { pointerParts } from './mistake.ts';
import type { Finding, Report } from './mistake.ts';
import { schemaErrors } from './schema-errors.ts';
import type { SchemaError } from './schema-errors.ts';
import type { Schema } from './schema-walk.ts';
import { withSecretReferences } from './secret-schema.ts';

/** What the checks of a plan's parts share. */
export interface PartChecker {
  report: Report;
  warn: Report;
  /** Reports what is wrong with `value`, which stands at the part's place, and returns it too. A secret may be a reference. */
  part(part: Part, schema: Schema, value: unknown): Finding[];
  /** Nothing is known of the value there, since a variable is not set. */
  isUnknown(pointer: string): boolean;
}

export function partChecker(loaded: Loaded, report: Report, warn: Report): PartChecker {
  const isUnknown = (pointer: string): boolean => loaded.spots.get(pointer)?.unknown === true;
  return {
    report,
    warn,
    isUnknown,
    part(part, schema, value) {
      const demanded = withSecretReferences(schema);
      let errors = schemaErrors(demanded, value);
      if (useTexts(errors, loaded, part, value)) errors = schemaErrors(demanded, value);
      const findings = explainSchemaErrors(errors, { ...part, words: loaded.words, isUnknown });
      for (const finding of findings) report(finding);
      return findings;
    },
  };
}

/** Where a text is asked for, a variable that reads as a number or as true or false is the text it is. Whether there was one. */
function useTexts(errors: readonly SchemaError[], loaded: Loaded, part: Part, value: unknown): boolean {
  let changed = false;
  for (const error of errors) {
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
