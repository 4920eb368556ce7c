import { expect, test } from 'vitest';
import type { Mistake } from '../../src/plan/mistake.ts';
import { renderMistakes } from '../../src/plan/render-mistakes.ts';

const mistake: Mistake = { line: 12, column: 9, path: 'steps[1].tar', message: '"volum" is no option of the step tar.', expected: 'id, from or volume', suggestion: 'volume', hint: 'A hint.', text: '- tar: {volum: 3}' };

test('a mistake is shown with its place, its line, and the way out', () => {
  expect(renderMistakes('plans/nas.yaml', [mistake])).toBe(`plans/nas.yaml:12:9  error  "volum" is no option of the step tar.
  12 | - tar: {volum: 3}
     |         ^
  expected id, from or volume
  did you mean "volume"?
  A hint.`);
});

test('several are apart, warnings are called so, and there may be no line', () => {
  const short = { line: 1, column: 1, path: '', message: 'The plan is empty.', text: '' };
  expect(renderMistakes('a.yaml', [short, { ...short, line: 2 }], 'warning')).toBe('a.yaml:1:1  warning  The plan is empty.\n\na.yaml:2:1  warning  The plan is empty.');
});

test('the caret stands below the place behind tabs and wide characters', () => {
  const [, line, caret] = renderMistakes('a', [{ line: 1, column: 6, path: '', message: 'x', text: '\t日本: y' }]).split('\n');
  expect([line, caret]).toEqual(['  1 | \t日本: y', '    | \t      ^']);
});

test('a long line is cut around the place, control characters are not passed on', () => {
  const [, line, caret] = renderMistakes('a', [{ line: 1, column: 501, path: '', message: 'x', text: `${'a'.repeat(500)}\u001b${'b'.repeat(500)}` }]).split('\n');
  expect(line).toBe(`  1 | …${'a'.repeat(60)}?${'b'.repeat(39)}…`);
  expect(caret!.indexOf('^')).toBe(line!.indexOf('?'));
});

test('colours are put on where they are given', () => {
  const tag = (name: string) => (text: string) => `<${name}>${text}</${name}>`;
  const colours = { place: tag('p'), error: tag('e'), warning: tag('w'), line: tag('l'), caret: tag('c'), hint: tag('h') };
  expect(renderMistakes('a', [{ line: 1, column: 1, path: '', message: 'x', text: 'y', hint: 'z' }], 'error', colours)).toBe('<p>a:1:1</p>  <e>error</e>  x\n  <l>1 | y</l>\n    | <c>^</c>\n<h>  z</h>');
});
