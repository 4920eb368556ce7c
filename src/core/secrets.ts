/**
 * Keeps secrets out of everything that is shown or written. A value is registered once, where it is resolved;
 * every view, log and event line goes through `redact`.
 */
const secrets = new Set<string>();

/** Shorter values would blank out ordinary words; they are not worth the name of a secret. */
const SHORTEST = 4;

export function registerSecret(value: string): void {
  for (const form of [value, value.trim(), encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]) {
    if (form.length >= SHORTEST) secrets.add(form);
  }
}

/** The text with every registered secret replaced by `***`, longest first so that none is cut in half. */
export function redact(text: string): string {
  if (secrets.size === 0) return text;
  let result = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) result = result.replaceAll(secret, '***');
  return result;
}
