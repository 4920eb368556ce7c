/** The lines of `--json`: a `message_type`, then fields in snake_case. docs/json.md describes each of them. */

export type JsonFields = Readonly<Record<string, unknown>>;

/** Fields that are undefined are left out. Only the names of the fields themselves are changed: a map by target keeps the targets' names. */
export function toJsonLine(type: string, fields: JsonFields): string {
  return JSON.stringify({ message_type: type, ...snakeCase(fields) });
}

export function snakeCase(fields: JsonFields): JsonFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]));
}

/** Seconds with three decimals, as every time span in the lines is given. */
export function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
