/** Which names an object in a folder may have, and the name it bears until it is whole. */
import { randomBytes } from 'node:crypto';
import { writerMark } from './writer.ts';

/** What begins like this is never an object: it is one on its way, or what a killed run left of it. */
export const temporaryPrefix = '.bat-tmp-';

const longestName = 1024;
/** In every part: letters, digits, `.`, `_`, `-`. Encrypted folders and SMB shares take about 200 bytes at most. */
const partPattern = /^[A-Za-z0-9._-]{1,200}$/;

/** Plain parts below the target's folder, on any file system: also on FAT, which drops a dot at the end. */
export function isObjectName(name: string): boolean {
  return name.length <= longestName && name.split('/').every(isPart);
}

/** Random, since several uploads of one name may be on their way; and marked, so that a sweep knows whose it is. */
export function temporaryName(): string {
  return `${temporaryPrefix}${writerMark()}-${randomBytes(12).toString('hex')}`;
}

/** `.` and `..` end in a dot, so they are no parts either. */
function isPart(part: string): boolean {
  return partPattern.test(part) && !part.endsWith('.') && !part.startsWith(temporaryPrefix);
}
