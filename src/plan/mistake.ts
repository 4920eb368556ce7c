/** What is wrong with a plan, and where: a finding names its place by JSON pointer, a mistake by line and column. */

/** Both count from 1; columns are UTF-16 units, as editors count them. */
export interface Position {
  line: number;
  column: number;
}

export interface Finding {
  /** JSON pointer into the plan's value. */
  pointer: string;
  /** The key of the pointer's last part instead of its value. */
  at?: 'key' | undefined;
  message: string;
  /** What would have been right. */
  expected?: string | undefined;
  /** The nearest right word, or the text to write instead. */
  suggestion?: string | undefined;
  /** What to do about it. */
  hint?: string | undefined;
}

export interface Mistake extends Position {
  /** `steps[2].upload.to`; empty for the plan as a whole. */
  path: string;
  message: string;
  expected?: string;
  suggestion?: string;
  hint?: string;
  /** The line itself, secrets hidden. */
  text: string;
}

export type Report = (finding: Finding) => void;

/** The pointer of a part of what `pointer` names. */
export function below(pointer: string, ...parts: readonly (string | number)[]): string {
  return parts.reduce<string>((path, part) => `${path}/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`, pointer);
}

export function pointerParts(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A pointer the way a person writes it: `steps[2].upload.to`. */
export function readablePath(pointer: string): string {
  return pointerParts(pointer)
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/** In the order of the file, each one once. */
export function sortMistakes(mistakes: readonly Mistake[]): Mistake[] {
  const unique = new Map(mistakes.map((mistake) => [`${mistake.line}:${mistake.column}:${mistake.message}`, mistake]));
  return [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
