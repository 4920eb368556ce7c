/** Which paths a search means. */
import { matcher } from '../restore/patterns.ts';

/**
 * Globs and paths are held against `<path>` and `<source>/<path>`, as a restore does it, but what is below a folder is not meant with it. A
 * name without a slash is found at any depth: who searches does not know where it lies.
 */
export function namesPath(source: string, patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => true;
  const tests = patterns.map((pattern) => ({ matches: matcher(pattern), anywhere: !pattern.includes('/') }));
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return tests.some(({ matches, anywhere }) => matches(path) || matches(`${source}/${path}`) || (anywhere && matches(name)));
  };
}
