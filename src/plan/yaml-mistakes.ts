/** YAML's own complaints in a person's words. */
import type { Document, LineCounter, YAMLError } from 'yaml';
import type { Finding } from './mistake.ts';

/** A file that is no YAML at all is not commented line by line. */
const MOST_FINDINGS = 20;

const sentences: Partial<Record<YAMLError['code'], { message: string; expected?: string; hint?: string }>> = {
  BAD_DQ_ESCAPE: { message: 'There is a backslash that means nothing inside double quotes.', hint: "Use single quotes ('…') for a text with backslashes." },
  BAD_INDENT: { message: 'The indentation does not fit, or a bracket is not closed.', hint: 'Indent with spaces, the parts of one map or list by the same number; close every [ and {.' },
  BAD_SCALAR_START: { message: 'A text cannot start with this character unless it is quoted.', hint: 'Put the text in quotes.' },
  BLOCK_AS_IMPLICIT_KEY: { message: 'There is a second ": " in this line, or the line is indented wrongly.', hint: 'Put a text that holds ": " in quotes, and indent lists and maps evenly.' },
  BLOCK_IN_FLOW: { message: 'An indented map or list cannot stand inside [ ] or { }.' },
  KEY_OVER_1024_CHARS: { message: 'A key cannot be longer than 1024 characters.' },
  MULTILINE_IMPLICIT_KEY: { message: 'A key must stand on one line.', hint: 'Is a ":" missing, or a quote not closed?' },
  MULTIPLE_DOCS: { message: 'The file holds more than one document.', hint: 'Keep one plan in a file, and remove the second "---".' },
  TAB_AS_INDENT: { message: 'The line is indented with a tab.', expected: 'spaces' },
  TAG_RESOLVE_FAILED: { message: 'A plan knows no YAML tags ("!…").', hint: 'Remove the tag, or put the text in quotes.' },
};

/** What YAML complains about, with offsets. One slip can make a parser stumble on to the end: the first complaint of a line is the one that helps. */
export function yamlFindings(document: Document, text: string, lineCounter: LineCounter): (Finding & { offset: number })[] {
  const findings: (Finding & { offset: number })[] = [];
  const lines = new Set<number>();
  let lost = false;
  for (const error of [...document.errors, ...document.warnings]) {
    const offset = Math.max(error.pos[0], 0);
    const { line } = lineCounter.linePos(offset);
    if (lines.has(line) || (lost && error.code === 'UNEXPECTED_TOKEN')) continue;
    lines.add(line);
    lost = true;
    findings.push({ offset, pointer: '', ...explain(error, text, offset) });
    if (findings.length === MOST_FINDINGS) break;
  }
  return findings;
}

function explain(error: YAMLError, text: string, offset: number): Omit<Finding, 'pointer'> {
  if (error.message.includes('call stack')) return { message: 'This is nested too deeply to be a plan.' };
  if (error.message.includes('closing')) return { message: 'A quote is opened and not closed.', hint: 'Close it, or put the whole text in quotes of the other kind.' };
  if (text.slice(offset - 1, offset + 1) === '${') return { message: 'A variable inside of { } or [ ] must be quoted.', expected: `"${/\$\{[^}\n]*\}?/.exec(text.slice(offset - 1))?.[0]}"` };
  return sentences[error.code] ?? { message: `This is not YAML: ${error.message}.`, hint: 'Check the quotes, brackets, colons and the indentation here and just before.' };
}
