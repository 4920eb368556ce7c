/** YAML's own complaints in a person's words. */
import type { YAMLError } from 'yaml';

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

export function yamlMistake(error: YAMLError): { message: string; expected?: string; hint?: string } {
  if (error.message.includes('call stack')) return { message: 'This is nested too deeply to be a plan.' };
  return sentences[error.code] ?? { message: `This is not YAML: ${error.message}.`, hint: 'Check the quotes, brackets, colons and the indentation here and just before.' };
}
