/** The names of objects, and the public ids of the assets that they are kept in. docs/format.md, "Parts". */
import { randomBytes } from 'node:crypto';

/** The public ids of an object's assets end below this. */
const LONGEST_ID = 255;
/** What the longest of them has more than the object's name: `.again-abcdef.000`. */
const LONGEST_ADDITION = 17;
export const MOST_PARTS = 1000;

/** Where it is noted which uploads are under way; no object lies there. */
export const notesFolder = 'bat-uploads';
export const partsSuffix = '.parts.json';

const partPattern = /^[A-Za-z0-9._-]{1,200}$/;
const numberPattern = /\.\d{3,}$/;

/**
 * Cloudinary refuses some endings of programs and, on free accounts, does not give out archives: only what is surely harmless stands
 * at the end of an id. An ending that was once in this list must stay in it: objects lie there under it.
 */
const harmlessEndings = new Set(['age', 'zst', 'json', 'jsonl', 'txt', 'py', 'md', 'csv', 'jpg', 'jpeg', 'png', 'gif', 'webp', 'heic', 'tif', 'tiff', 'mp4', 'mov', 'mp3']);

/** Below `base`, the folder of the plan. What looks like a part, a list of parts or a note is no object. */
export function isObjectName(name: string, base: string): boolean {
  if (base.length + 1 + name.length + LONGEST_ADDITION > LONGEST_ID) return false;
  if (numberPattern.test(name) || name.endsWith(partsSuffix) || name.startsWith(`${notesFolder}/`)) return false;
  return name.split('/').every(isPart);
}

/** A folder `v123` would be taken for the version of an asset. */
function isPart(part: string): boolean {
  return partPattern.test(part) && !part.endsWith('.') && !/^v\d+$/.test(part);
}

/** Whether the object may be one asset of its own name. Else it is kept in parts, if only in one: these end in numbers. */
export function endsHarmlessly(name: string): boolean {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return !last.includes('.') || harmlessEndings.has(last.slice(last.lastIndexOf('.') + 1).toLowerCase());
}

export function partName(stem: string, number: number): string {
  return `${stem}.${String(number).padStart(3, '0')}`;
}

/** The name without the number, or null if it is no part's. */
export function stemOfPart(part: string): string | null {
  return numberPattern.test(part) ? part.replace(numberPattern, '') : null;
}

/** Of an upload: six letters or digits. */
export function newUploadId(): string {
  return randomBytes(3).toString('hex');
}

/** Another stem, for parts that must not mix with those that lie there. */
export function freshStem(name: string, uploadId: string): string {
  return `${name}.again-${uploadId}`;
}

/** Whether a stem is one of this object. */
export function isStemOf(stem: string, name: string): boolean {
  return stem === name || (stem.startsWith(`${name}.again-`) && /^[a-z0-9]{6}$/.test(stem.slice(name.length + 7)));
}
