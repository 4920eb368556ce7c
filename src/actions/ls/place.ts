/** Which entries of a source a listing shows. */
import picomatch from 'picomatch';
import { matcher, Selection } from '../restore/patterns.ts';
import { pathIn } from '../path-in-source.ts';

/** `inside`: it is there, and not to be listed, as the folder itself that was asked for. */
export type ListedPlace = 'listed' | 'inside' | 'elsewhere';

export interface Asked {
  /** A folder, whose content is meant, or a file; or a glob, as `bat restore` takes it: what it matches is meant itself. Empty for the top. */
  path: string;
  /** Everything below, not just what is right there. */
  recursive: boolean;
}

/** For the paths of one source. */
export function placesIn(source: string, { path: wanted, recursive }: Asked): (path: string, isFolder: boolean) => ListedPlace {
  const within = pathIn(wanted, source);
  const globbed = picomatch.scan(wanted).isGlob ? globIn(source, wanted, recursive) : () => false;
  return (path, isFolder) => (globbed(path) ? 'listed' : plainPlace(path, isFolder, within, recursive));
}

function globIn(source: string, glob: string, recursive: boolean): (path: string) => boolean {
  if (recursive) {
    const selection = new Selection(source, [glob], new Set());
    return (path) => selection.has(path);
  }
  const matches = matcher(glob);
  return (path) => matches(path) || matches(`${source}/${path}`);
}

function plainPlace(path: string, isFolder: boolean, wanted: string, recursive: boolean): ListedPlace {
  if (path === wanted) return isFolder ? 'inside' : 'listed';
  if (wanted !== '' && !path.startsWith(`${wanted}/`)) return 'elsewhere';
  const isDeep = path.includes('/', wanted === '' ? 0 : wanted.length + 1);
  return isDeep && !recursive ? 'inside' : 'listed';
}
