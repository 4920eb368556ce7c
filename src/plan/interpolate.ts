/** `${NAME}`, `${NAME:-default}` and `$${` in the texts of a plan. */
import { parseDocument } from 'yaml';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Interpolated {
  /** With every variable put in. Where one is missing or misspelt its `${…}` stays. */
  text: string;
  /** The text, or what it says in YAML if the whole of it was one variable and reads as a number, true or false. */
  value: string | number | boolean;
  /** Whether there was a variable at all. */
  used: boolean;
  /** Names that are set nowhere and have no default. */
  unset: string[];
  /** `${…}` that is no variable. */
  malformed: string[];
}

const variable = /\$\$\{|\$\{([^}]*)(\}?)/g;
const content = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;
const whole = /^\$\{[^}]*\}$/;

/** As in a shell, a default also stands in for a variable that is set but empty. */
export function interpolate(source: string, environment: Environment): Interpolated {
  const unset: string[] = [];
  const malformed: string[] = [];
  let used = false;
  const text = source.replace(variable, (match: string, inside: string | undefined, closed: string | undefined) => {
    if (inside === undefined) return '${';
    const [, name, fallback] = content.exec(inside) ?? [];
    if (name === undefined || !closed) {
      malformed.push(match);
      return match;
    }
    used = true;
    const value = environment[name];
    if (fallback !== undefined) return value ? value : fallback;
    if (value === undefined) unset.push(name);
    return value ?? match;
  });
  const single = used && unset.length === 0 && whole.test(source);
  return { text, value: single ? scalar(text) : text, used, unset, malformed };
}

/** Only numbers, true and false: a variable holds a value and never YAML structure. */
function scalar(text: string): string | number | boolean {
  if (!/^[-+.\w]{1,40}$/.test(text)) return text;
  const value: unknown = parseDocument(text, { schema: 'core' }).toJS();
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) ? value : text;
}
