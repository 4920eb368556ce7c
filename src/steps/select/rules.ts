/**
 * Which paths a source leaves out, in gitignore syntax. Rules come in levels: the plan's, then those of each folder's
 * own file, down to the folder in question. The deepest level that has an opinion decides, as git does it; and what is
 * in an excluded folder is never asked for, since the walk does not enter it.
 */
import ignore from 'ignore';

/** The library remembers each path it was asked about; it is made anew after this many. */
const MOST_REMEMBERED = 1024;
const settings = { ignorecase: false, allowRelativePaths: true };

export class Rules {
  readonly #levels: readonly Level[];

  constructor(levels: readonly Level[] = []) {
    this.#levels = levels;
  }

  excludes(path: string, isFolder: boolean): boolean {
    for (let index = this.#levels.length - 1; index >= 0; index--) {
      const verdict = this.#levels[index]!.test(path, isFolder);
      if (verdict !== 'none') return verdict === 'excluded';
    }
    return false;
  }

  /** The rules inside a folder that is not excluded, with those of its own file, if it has one. */
  inside(folder: string, own: Level | null): Rules {
    if (this.#levels.length < 2 && !own) return this;
    const levels = this.#levels.length < 2 ? [...this.#levels] : this.#levels.map((level) => level.within(folder));
    return new Rules(own ? [...levels, own] : levels);
  }
}

/** The rules of one place: the patterns count from the folder `base`. */
export class Level {
  readonly #base: string;
  #matcher: ignore.Ignore;
  #asked = 0;

  constructor(base: string, matcher: ignore.Ignore) {
    this.#base = base;
    this.#matcher = matcher;
  }

  /** A pattern that makes no sense is given to `refuse` and has no effect. */
  static of(base: string, patterns: readonly string[], refuse: (pattern: string) => void): Level | null {
    const matcher = ignore(settings);
    for (const pattern of patterns) {
      try {
        const single = ignore(settings).add(pattern);
        // Patterns are compiled when they are first used: now, so that a bad one is known now.
        single.ignores('a');
        matcher.add(single);
      } catch {
        refuse(pattern);
      }
    }
    return patterns.length > 0 ? new Level(base, matcher) : null;
  }

  test(path: string, isFolder: boolean): 'excluded' | 'included' | 'none' {
    if (++this.#asked % MOST_REMEMBERED === 0) this.#matcher = ignore(settings).add(this.#matcher);
    const result = this.#matcher.test(this.#relative(path) + (isFolder ? '/' : ''));
    if (result.ignored) return 'excluded';
    return result.unignored ? 'included' : 'none';
  }

  /**
   * This level inside a folder that is entered. If the level excludes that folder, a deeper one has taken it back; the
   * library would still hold everything in it for excluded, so it is told of the folder, and of the folder alone.
   */
  within(folder: string): Level {
    if (this.test(folder, true) !== 'excluded') return this;
    const pattern = `!/${escapePattern(this.#relative(folder))}/`;
    return new Level(this.#base, ignore(settings).add(this.#matcher).add({ pattern }));
  }

  #relative(path: string): string {
    return this.#base === '' ? path : path.slice(this.#base.length + 1);
  }
}

function escapePattern(path: string): string {
  return path.replace(/[\\*?[\] ]/g, String.raw`\$&`);
}
