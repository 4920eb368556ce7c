/** Mistakes as text: where, what, the line with a caret under the place, and the way out. */
import stringWidth from 'fast-string-width';
import type { Mistake } from './mistake.ts';
import { quote } from './words.ts';

export interface MistakeColours {
  place(text: string): string;
  error(text: string): string;
  warning(text: string): string;
  line(text: string): string;
  caret(text: string): string;
  hint(text: string): string;
}

const plain = (text: string): string => text;
const noColours: MistakeColours = { place: plain, error: plain, warning: plain, line: plain, caret: plain, hint: plain };

/** Columns of a long line that are shown, and how many of them stand before the place. */
const WINDOW = 100;
const BEFORE = 60;

/** `file` as the person named it. Mistakes are separated by an empty line; no newline at the end. */
export function renderMistakes(file: string, mistakes: readonly Mistake[], kind: 'error' | 'warning' = 'error', colours: MistakeColours = noColours): string {
  return mistakes.map((mistake) => renderMistake(file, mistake, kind, colours)).join('\n\n');
}

function renderMistake(file: string, mistake: Mistake, kind: 'error' | 'warning', colours: MistakeColours): string {
  const lines = [`${colours.place(`${file}:${mistake.line}:${mistake.column}`)}  ${colours[kind](kind)}  ${mistake.message}`];
  const { text, before } = shownLine(mistake);
  const number = String(mistake.line);
  if (text.trim() !== '') {
    lines.push(`  ${colours.line(`${number} | ${text}`)}`);
    lines.push(`  ${' '.repeat(number.length)} | ${before}${colours.caret('^')}`);
  }
  if (mistake.expected !== undefined) lines.push(colours.hint(`  expected ${mistake.expected}`));
  if (mistake.suggestion !== undefined) lines.push(colours.hint(`  did you mean ${quote(mistake.suggestion)}?`));
  if (mistake.hint !== undefined) lines.push(colours.hint(`  ${mistake.hint}`));
  return lines.join('\n');
}

/** The line, cut where it is long, and blanks as wide as what stands before the place. */
function shownLine(mistake: Mistake): { text: string; before: string } {
  const place = mistake.column - 1;
  const start = mistake.text.length > WINDOW ? Math.max(0, place - BEFORE) : 0;
  const end = start + WINDOW;
  const head = start > 0 ? '…' : '';
  const text = `${head}${printable(mistake.text.slice(start, end))}${mistake.text.length > end ? '…' : ''}`;
  const before = `${head}${printable(mistake.text.slice(start, place))}`;
  return { text, before: [...before].map((character) => (character === '\t' ? '\t' : ' '.repeat(stringWidth(character)))).join('') };
}

/** Control characters could move the cursor or worse. */
function printable(text: string): string {
  return text.replace(/(?!\t)\p{Cc}/gu, '?');
}
