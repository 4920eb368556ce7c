/** Small pieces of the sentences about a plan. */
import { distance } from 'fastest-levenshtein';

/** Longer words are no typing mistakes, and comparing them would only cost time. */
const LONGEST_WORD = 64;
const LONGEST_QUOTE = 60;
const MOST_WORDS = 20;
const MOST_CANDIDATES = 200;

/** The candidate that was probably meant, or undefined if none is near enough. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const plain = normal(word);
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of Iterator.from(candidates).take(MOST_CANDIDATES)) {
    const steps = plain === normal(candidate) ? 0 : letters(plain) === letters(normal(candidate)) ? 1 : distance(plain, normal(candidate));
    const limit = Math.max(1, Math.floor(Math.max(plain.length, candidate.length) / 3));
    if (steps > limit || steps >= least) continue;
    least = steps;
    best = candidate;
  }
  return best;
}

/** `a, b or c`; of very many only the first ones. */
export function either(words: readonly string[], joint = 'or'): string {
  if (words.length < 2) return words.join('');
  if (words.length > MOST_WORDS) return `${words.slice(0, MOST_WORDS).join(', ')} ${joint} ${words.length - MOST_WORDS} more`;
  return `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`;
}

/** In double quotes, on one line, not too long. Quotes inside become single ones, so that a sentence has pairs only. */
export function quote(text: string): string {
  const line = text.slice(0, 2 * LONGEST_QUOTE).replace(/\s+/g, ' ').replaceAll('"', "'");
  return `"${line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE - 1)}…` : line}"`;
}

/** A value in a sentence: what it is, and its text if that is short. */
export function valueWords(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'string') return value === '' ? 'an empty text' : quote(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return typeof value === 'object' ? 'a map' : String(value);
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Two letters in the wrong order are one slip, and the most common one. */
function letters(word: string): string {
  return [...word].sort().join('');
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll('_', '-');
}
