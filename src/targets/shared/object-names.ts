/** Which names an object may have that lies in a folder, here or on a bat server; and those that never are an object's. */

/** What begins like this is never an object: it is one on its way, or what a killed run left of it. */
export const temporaryPrefix = '.bat-tmp-';
/** Folders of a bat server beside the objects: uploads that are not finished, and what was there before a document was replaced. */
export const unfinishedFolder = `${temporaryPrefix}uploads`;
export const keptFolder = '.bat-kept';

const longestName = 1024;
/** In every part: letters, digits, `.`, `_`, `-`. Encrypted folders and SMB shares take about 200 bytes at most. */
const partPattern = /^[A-Za-z0-9._-]{1,200}$/;

/** Plain parts below the target's folder, on any file system: also on FAT, which drops a dot at the end. */
export function isObjectName(name: string): boolean {
  return name.length <= longestName && name.split('/').every(isPart);
}

/** `.` and `..` end in a dot, so they are no parts either. Upper case is the same to some file systems. */
function isPart(part: string): boolean {
  const lower = part.toLowerCase();
  return partPattern.test(part) && !part.endsWith('.') && !lower.startsWith(temporaryPrefix) && lower !== keptFolder;
}
