/** Which names an object in a bucket may have. */

/** Bytes of UTF-8, the prefix and the plan's name included: the limit of S3. */
const longestKey = 1024;
/** Bytes of a part between two slashes. S3 has no limit there, but servers that keep objects as files do. */
const longestPart = 255;

/**
 * A plain relative path that XML 1.0 can carry, since listings are XML: no control characters, no halves of surrogate
 * pairs, and not the two characters that are none.
 */
export function isObjectName(name: string): boolean {
  return name.isWellFormed() && !/[\p{Cc}\uFFFE\uFFFF]/u.test(name) && name.split('/').every(isPart);
}

/** Whether a key of that length is taken. */
export function fitsKey(key: string): boolean {
  return Buffer.byteLength(key) <= longestKey;
}

function isPart(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= longestPart;
}
