/** What the schema of a step or a target cannot say of its options: it says so itself. */
import { BatError } from '../core/errors.ts';
import { redact } from '../core/secrets.ts';
import type { PartChecker } from './check-part.ts';
import type { Loaded } from './load.ts';
import { below } from './mistake.ts';
import { isMap } from './words.ts';

/** Of a part that its schema has passed. The subject of the error is the option or the value; with one option there is no doubt. */
export async function checkByPart(ask: () => void | Promise<void>, options: Record<string, unknown>, pointer: string, loaded: Loaded, check: PartChecker): Promise<void> {
  if (hasUnknown(loaded, pointer)) return;
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof BatError)) throw error;
    const [only, ...others] = Object.keys(options);
    const place = subjectPointer(options, pointer, error.subject) ?? below(pointer, ...(only !== undefined && others.length === 0 ? [only] : []));
    const said = (sentence: string): string => redact(loaded.conceal(pointer, sentence));
    check.report({ pointer: place, message: said(error.message), hint: error.hint === undefined ? undefined : said(error.hint) });
  }
}

/** Whether a variable in it is not set. */
export function hasUnknown(loaded: Loaded, pointer: string): boolean {
  return [...loaded.spots].some(([place, spot]) => spot.unknown === true && (place === pointer || place.startsWith(`${pointer}/`)));
}

function subjectPointer(value: unknown, pointer: string, subject: string | undefined): string | null {
  if (subject === undefined) return null;
  if (value === subject) return pointer;
  if (isMap(value) && Object.hasOwn(value, subject)) return below(pointer, subject);
  const parts = isMap(value) || Array.isArray(value) ? Object.entries(value) : [];
  return parts.map(([key, part]) => subjectPointer(part, below(pointer, key), subject)).find((found) => found !== null) ?? null;
}
