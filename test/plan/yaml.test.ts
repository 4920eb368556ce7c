import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../src/plan/load.ts';
import { check, mistakesOf, rightPlan } from './fakes.ts';

const none: ReadonlySet<string> = new Set();

describe('what YAML allows', () => {
  test('anchors, aliases and merge keys give plain values; what a map says itself wins', () => {
    const loaded = loadPlanText('a: &a { x: 1, y: 2 }\nb: &b { y: 3, z: 4 }\nc: { <<: [*a, *b], z: 5 }\nd: *a\n', {}, none);
    expect(loaded.mistakes).toEqual([]);
    expect(loaded.value).toEqual({ a: { x: 1, y: 2 }, b: { y: 3, z: 4 }, c: { x: 1, y: 2, z: 5 }, d: { x: 1, y: 2 } });
  });

  test('a mistake in a repeated part is shown where it stands', async () => {
    const plan = rightPlan.replace('{ volume: 64MiB }', '&options { volume: much }').replace('- compress', '- compress: *options');
    expect(await mistakesOf(plan)).toEqual(['7:29 "volume" is "much". [a size such as 128MiB]', '7:21 "volume" is no option of the step compress. [id, from, codec or level]'].sort());
  });

  test('an alias names the last anchor of its name before it', () => {
    expect(loadPlanText('a: &x 1\nb: *x\nc: &x 2\nd: *x\n', {}, none).value).toEqual({ a: 1, b: 1, c: 2, d: 2 });
  });

  test('a byte order mark and Windows line ends do no harm', async () => {
    expect(await mistakesOf(`\ufeff${rightPlan.replaceAll('\n', '\r\n').replace('64MiB', 'x')}`)).toEqual(['7:20 "volume" is "x". [a size such as 128MiB]']);
  });
});

describe('what it does not allow', () => {
  const cases: [plan: string, expected: string][] = [
    ['a: [1, 2\nb: 3\n', '2:1 The indentation does not fit, or a bracket is not closed.'],
    ['a: b: c\n', '1:4 There is a second ": " in this line, or the line is indented wrongly.'],
    ['a:\n\tb: c\n', '2:1 The line is indented with a tab. [spaces]'],
    ['a: @b\n', '1:4 A text cannot start with this character unless it is quoted.'],
    ['a: "b\n', '2:1 A quote is opened and not closed.'],
    ['a: { b: ${C} }\nd: [${E}]\n', '1:10 A variable inside of { } or [ ] must be quoted. ["${C}"]'],
    ['a: 1\n---\nb: 2\n', '2:1 The file holds more than one document.'],
    ['a: !!set { b }\n', '1:4 A plan knows no YAML tags ("!…").'],
    ['a: 1\nb: 2\na: 3\n', '3:1 "a" stands twice in this map; the first is in line 1.'],
    ['a: *b\n', '1:4 "*b" names nothing that stands before it.'],
    ['a: &a [*a]\n', '1:8 "*a" stands inside of what it names.'],
    ['a: &a { <<: *a }\n', '1:13 Only another map can be merged in with "<<".'],
    ['? [a]\n: b\n', '1:3 A key must be a plain word.'],
  ];
  test.each(cases)('%j', (plan, expected) => {
    const [first] = loadPlanText(plan, {}, none).mistakes;
    expect(`${first?.line}:${first?.column} ${first?.message}${first?.expected ? ` [${first.expected}]` : ''}`).toBe(expected);
  });

  test('one slip is one mistake, however far a parser stumbles on', () => {
    const { mistakes } = loadPlanText(rightPlan.replace('64MiB', '${SIZE}'), {}, none);
    expect(mistakes.map(({ line, message }) => `${line} ${message}`)).toEqual(['7 A variable inside of { } or [ ] must be quoted.']);
  });

  test('aliases that repeat each other end soon', () => {
    const levels = Array.from({ length: 30 }, (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(10)}]`);
    const { mistakes } = loadPlanText(`l0: &l0 [x]\n${levels.join('\n')}\n`, {}, none);
    expect(mistakes.map((mistake) => mistake.message)).toEqual(['The file is too large: it has more than 20,000 values.']);
  });

  test('depth that no plan has', () => {
    expect(loadPlanText('['.repeat(100_000), {}, none).mistakes[0]?.message).toMatch(/nested too deeply/);
    expect(loadPlanText(`${'['.repeat(90)}${']'.repeat(90)}`, {}, none).mistakes.map((mistake) => mistake.message)).toEqual(['The file is nested too deeply here.']);
  });

  test('bytes that are no text are found', async () => {
    const bytes = Buffer.from(rightPlan.replace('name: nas', 'name: n?s'));
    bytes[bytes.indexOf('?')] = 0xff;
    expect(await mistakesOf(bytes)).toContain('2:8 The file is not UTF-8 here.');
  });

  test('a file larger than any plan is not read on', async () => {
    const { mistakes } = await check('#'.repeat(2_000_000));
    expect(mistakes.map((mistake) => mistake.message)).toEqual(['The file is larger than any plan.']);
  });
});
