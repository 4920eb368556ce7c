/** Sentences in lines that end at a blank, no wider than the terminal. */
import stringWidth from 'fast-string-width';

/** `indent`: columns that all lines but the first begin with, since something stands before the first. A longer word has a line of its own. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent + stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((each, index) => (index === 0 ? each : ' '.repeat(indent) + each));
}
