/** A source as the plan resolves it: folders or files to walk, or a command whose output is one file. */

export interface Source {
  id: string;
  /** For the summary; empty if the plan gives none. */
  category: string;
  /** What is walked. A single path has the empty prefix: its entries stand at the top of the snapshot. */
  roots: readonly Root[];
  command: SourceCommand | null;
  filters: Filters;
}

export interface Root {
  /** The first part of the entries' paths, or empty. */
  prefix: string;
  /** Absolute. */
  path: string;
}

export interface SourceCommand {
  command: readonly string[];
  shell: boolean;
  /** The name of the one file of the snapshot. */
  as: string;
  folder: string;
}

export interface Filters {
  /** gitignore patterns, later ones win. */
  exclude: readonly string[];
  excludeCaches: boolean;
  /** A folder that holds a file of one of these names is left out. */
  excludeIfPresent: readonly string[];
  /** Bytes; null for no limit. */
  excludeLargerThan: number | null;
  oneFileSystem: boolean;
  /** A file of this name in a folder holds more patterns for it and below. */
  ignoreFile: string | null;
  symlinks: 'keep' | 'follow' | 'skip';
}
