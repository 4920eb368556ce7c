/** Which names the library takes. A path is `<folder>/<path in it>`; nothing in it may lead anywhere but down. */
import { LibraryError } from './errors.ts';

/** The folder in each library folder where uploads grow. */
export const uploadsName = '.bat-uploads';

const longestName = 255;
/** Linux takes no path of 4096 bytes or more. */
const longestPath = 3500;
/** Folders in each other. Each is opened by itself, so that no link is followed: what has thousands of them takes minutes to be removed. */
const deepest = 100;
const utf8 = new TextEncoder();

export interface LibraryPath {
  folder: string;
  /** Below the folder; empty for the folder itself. */
  parts: string[];
}

/** Hidden from lists, the table and every request: what the server itself keeps in a folder. Upper case is the same to some file systems. */
export function isServersOwn(name: string): boolean {
  return /^\.bat-/i.test(name);
}

/** One trailing slash, which means a folder, is taken away. Throws NAME_REFUSED. */
export function parseLibraryPath(path: string): LibraryPath {
  const [folder = '', ...parts] = (path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  for (const part of [folder, ...parts]) {
    const danger = partDanger(part);
    if (danger) throw new LibraryError('NAME_REFUSED', `The name ${JSON.stringify(path)} is refused: ${danger}.`, { hint: 'Names look like photos/2024/a.jpg: a folder of the library, then a path in it.' });
  }
  if (utf8.encode(path).length > longestPath) throw new LibraryError('NAME_REFUSED', `The name is refused: a path may have ${longestPath} bytes.`);
  return { folder, parts };
}

/** The same for something new. What was put there by hand may have stranger names, and is still served. Throws NAME_REFUSED. */
export function parseNewPath(path: string): LibraryPath {
  const parsed = parseLibraryPath(path);
  if (parsed.parts.length === 0) throw new LibraryError('NAME_REFUSED', `The name ${JSON.stringify(path)} is refused: it names no file in a folder of the library.`, { hint: 'Names look like photos/2024/a.jpg.' });
  if (parsed.parts.length > deepest) throw new LibraryError('NAME_REFUSED', `The name is refused: it has ${parsed.parts.length} parts, and ${deepest} are the most.`);
  if (parsed.parts.some(hasControls)) throw new LibraryError('NAME_REFUSED', `The name ${JSON.stringify(path)} is refused: it has control characters.`);
  return parsed;
}

export function formatLibraryPath(folder: string, ...parts: readonly string[]): string {
  return [folder, ...parts].filter((part) => part !== '').join('/');
}

/** `a (2).jpg` of `a.jpg`, short enough for a file system. */
export function numberedName(name: string, number: number): string {
  const dot = name.lastIndexOf('.');
  const hasExtension = dot > 0 && name.length - dot <= 20;
  const extension = hasExtension ? name.slice(dot) : '';
  const addition = ` (${number})${extension}`;
  let stem = hasExtension ? name.slice(0, dot) : name;
  while (utf8.encode(stem + addition).length > longestName) stem = [...stem].slice(0, -1).join('');
  return stem + addition;
}

function partDanger(part: string): string | null {
  if (part === '') return 'it has an empty part';
  if (part === '.' || part === '..') return `it has a part "${part}"`;
  if (part.includes('\0')) return 'it holds a NUL byte';
  if (!part.isWellFormed()) return 'it is not UTF-8';
  if (utf8.encode(part).length > longestName) return `a part of it has more than ${longestName} bytes`;
  if (isServersOwn(part)) return 'names that begin with ".bat-" are the server\'s own';
  return null;
}

function hasControls(part: string): boolean {
  return /\p{Cc}/u.test(part);
}
