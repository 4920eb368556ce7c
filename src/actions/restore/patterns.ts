/** Which entries a restore was asked for. */
import picomatch from 'picomatch';

type Matches = (path: string) => boolean;

/**
 * Finds out for the entries of one source whether they are selected. A plain path means itself and everything below; a
 * glob likewise, for whatever it matches, and without a slash it matches names at any depth, as in .gitignore. Both are
 * held against `<path>` and `<source>/<path>`. Without patterns everything is selected.
 */
export class Selection {
  readonly #source: string;
  readonly #patterns: readonly { text: string; matches: Matches }[];
  readonly #used: Set<string>;
  readonly #isLiteral: boolean;
  /** The patterns as plain paths; null if one of them is a glob, or means everything. */
  readonly #plain: readonly string[] | null;
  #folder: string | null = null;
  #folderSelected = false;

  /** `used` takes the patterns that selected something. `isLiteral`: they are no globs, but `<source>/<path>` as it stands. */
  constructor(source: string, patterns: readonly string[], used: Set<string>, isLiteral = false) {
    this.#source = source;
    this.#isLiteral = isLiteral;
    this.#patterns = patterns.map((text) => ({ text, matches: isLiteral ? (path) => path === text : matcher(text) }));
    this.#used = used;
    const plain = isLiteral ? [...patterns] : patterns.map((text) => plainText(text));
    this.#plain = plain.every((text) => text !== null) && plain.length > 0 ? plain : null;
  }

  /**
   * Whether nothing is lost if nobody hears of the file of this path: it is not selected, nor could what is selected be below it, which
   * would be refused. Null where that cannot be told from paths alone.
   */
  get passOver(): ((path: string) => boolean) | null {
    const plain = this.#plain;
    if (!plain) return null;
    return (path) => !this.has(path) && !plain.some((text) => isBelow(text, path) || isBelow(text, `${this.#source}/${path}`));
  }

  /** Quick for entries of the same folder that come one after the other. */
  has(path: string): boolean {
    if (this.#patterns.length === 0) return true;
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (folder !== this.#folder) {
      this.#folderSelected = this.#selectsFolder(folder);
      this.#folder = folder;
    }
    return this.#folderSelected || this.#selects(path);
  }

  #selectsFolder(folder: string): boolean {
    if (this.#selects('')) return true;
    for (let end = folder.indexOf('/'); end !== -1; end = folder.indexOf('/', end + 1)) {
      if (this.#selects(folder.slice(0, end))) return true;
    }
    return folder !== '' && this.#selects(folder);
  }

  #selects(path: string): boolean {
    const full = path === '' ? this.#source : `${this.#source}/${path}`;
    let selected = false;
    for (const { text, matches } of this.#patterns) {
      if (!matches(full) && (this.#isLiteral || path === '' || !matches(path))) continue;
      this.#used.add(text);
      selected = true;
    }
    return selected;
  }
}

/** True for the paths that a pattern names itself, not for what is below them. */
export function matcher(pattern: string): Matches {
  const text = trimmed(pattern);
  const anchored = pattern.startsWith('/') || text.includes('/');
  const isPlain: Matches = (path) => path === text;
  if (text === '' || text === '.') return () => true;
  if (plainText(pattern) !== null) return isPlain;
  const glob = picomatch(text, { dot: true, nonegate: true });
  // A name may look like a glob: it is then meant as it stands, too.
  if (anchored) return (path) => isPlain(path) || glob(path);
  return (path) => isPlain(path) || glob(path.slice(path.lastIndexOf('/') + 1));
}

/** The path that a pattern is; null for a glob, and for one that means everything. */
function plainText(pattern: string): string | null {
  const text = trimmed(pattern);
  return text === '' || text === '.' || picomatch.scan(text).isGlob ? null : text;
}

function trimmed(pattern: string): string {
  return pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder) && path[folder.length] === '/';
}
