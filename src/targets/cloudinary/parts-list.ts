/**
 * The list of an object's parts, kept as `NAME.parts.json`. It is written when all parts are stored, so an object in parts is whole
 * if it is there; and it is one asset, so an object in parts is replaced at once by replacing it.
 */
import { decodeSummed, encodeSummed } from '../../core/summed-json.ts';
import { isStemOf, MOST_PARTS, partName, stemOfPart } from './names.ts';

export interface Part {
  size: number;
  /** Of its bytes, in hex. */
  md5: string;
}

export interface PartsList {
  /** What the names of the parts begin with, before the number. */
  stem: string;
  size: number;
  parts: readonly Part[];
  /** The id of the upload that made it, by which the upload is known again after a kill. */
  upload?: string;
  /** It could not be read: which parts there are is not known. */
  isDamaged?: true;
}

/** JSON with the names as they lie beside it, for somebody who joins them by hand. */
export function encodePartsList(name: string, { stem, size, parts, upload }: PartsList): Buffer {
  const folder = name.lastIndexOf('/') + 1;
  const listed = parts.map(({ size, md5 }, number) => ({ name: partName(stem, number).slice(folder), size, md5 }));
  return encodeSummed({ object: name.slice(folder), size, upload, parts: listed }, 1);
}

/** Null if it is no list of parts of this object. */
export function decodePartsList(name: string, bytes: Uint8Array): PartsList | null {
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  const { size, parts, upload } = (decodeSummed(bytes) ?? {}) as { size?: unknown; parts?: unknown; upload?: unknown };
  if (!isCount(size) || !Array.isArray(parts) || parts.length > MOST_PARTS) return null;
  const first = (parts[0] as { name?: unknown } | undefined)?.name;
  const stem = parts.length === 0 ? name : stemOfPart(`${folder}${String(first)}`);
  if (stem === null || !isStemOf(stem, name)) return null;
  const list: Part[] = [];
  let sum = 0;
  for (const [number, part] of (parts as Record<string, unknown>[]).entries()) {
    if (part === null || typeof part !== 'object' || `${folder}${String(part['name'])}` !== partName(stem, number)) return null;
    const { size, md5 } = part;
    if (!isCount(size) || typeof md5 !== 'string') return null;
    list.push({ size, md5 });
    sum += size;
  }
  return sum === size ? { stem, size, parts: list, ...(typeof upload === 'string' ? { upload } : {}) } : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
