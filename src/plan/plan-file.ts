/** The file of a plan as it travels with each manifest, so that a bare machine has it: all but its secrets. */
import { basename } from 'node:path';
import { redact } from '../core/secrets.ts';
import type { PlanFile } from '../volume/manifest.ts';
import { hiddenRanges } from './hide-secrets.ts';
import { parse } from './load.ts';
import type { Plan } from './plan.ts';
import { registries } from './registries.ts';
import { secretNamesOf } from './secret-schema.ts';

/**
 * A secret that is written out becomes a variable named for its option, so that the plan is one again once that is set;
 * variables and references stay as they are written. What stands elsewhere and is known to be a secret becomes `***`.
 */
export function planFileOf({ file, text }: Pick<Plan, 'file' | 'text'>): PlanFile {
  return { name: basename(file), text: redact(withoutSecrets(text)) };
}

function withoutSecrets(text: string): string {
  const document = parse(text);
  // A plan that can be used has none: of what is no YAML it cannot be told where its secrets end.
  if (typeof document === 'string' || document.errors.length > 0) return '';
  const ranges = hiddenRanges(text, document, secretNamesOf(registries), true).toSorted(([a], [b]) => a - b);
  const variables = new Map<string, string>();
  let result = '';
  let end = 0;
  for (const [from, to] of ranges) {
    if (from < end) continue;
    const secret = text.slice(from, to);
    // A block of text holds the newline behind it.
    result += text.slice(end, from) + variableFor(secret, text.slice(0, from), variables) + (secret.endsWith('\n') ? '\n' : '');
    end = to;
  }
  return result + text.slice(end);
}

/** `"${API_SECRET}"`; another secret under an option of the same name is `"${API_SECRET_2}"`. */
function variableFor(secret: string, before: string, variables: Map<string, string>): string {
  const known = variables.get(secret);
  if (known !== undefined) return known;
  const option = /([A-Za-z][\w-]*)["']?\s*:[^\S\n]*$/.exec(before.slice(-200))?.[1] ?? 'secret';
  const name = option.toUpperCase().replaceAll('-', '_');
  const taken = [...variables.values()].filter((variable) => variable.slice(3).replace(/(_\d+)?\}"$/, '') === name).length;
  const variable = `"\${${name}${taken === 0 ? '' : `_${taken + 1}`}}"`;
  variables.set(secret, variable);
  return variable;
}
