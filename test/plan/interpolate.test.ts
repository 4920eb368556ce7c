import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { interpolate } from '../../src/plan/interpolate.ts';
import { checkPlan, loadPlan } from '../../src/plan/plan.ts';
import { check, mistakesOf, planFile, registries, rightPlan } from './fakes.ts';

describe('variables', () => {
  const environment = { NAME: 'nas', PORT: '80', YES: 'true', EMPTY: '', MAP: '{ a: b }', HEX: '0x10', DOLLAR: '${NAME}', LONG: '9'.repeat(60) };
  const cases: [text: string, value: unknown][] = [
    ['plain', 'plain'],
    ['${NAME}', 'nas'],
    ['/srv/${NAME}/${PORT}', '/srv/nas/80'],
    ['${PORT}', 80],
    ['${YES}', true],
    ['x${YES}', 'xtrue'],
    ['${EMPTY}', ''],
    ['${EMPTY:-full}', 'full'],
    ['${NONE:-}', ''],
    ['${NONE:-12}', 12],
    ['${NONE:-a:-b}', 'a:-b'],
    ['${MAP}', '{ a: b }'],
    ['${DOLLAR}', '${NAME}'],
    ['${LONG}', '9'.repeat(60)],
    ['$${NAME}', '${NAME}'],
    ['$$${NAME}', '$${NAME}'],
    ['$NAME and $', '$NAME and $'],
  ];
  test.each(cases)('%s', (text, value) => {
    expect(interpolate(text, environment)).toMatchObject({ value, unset: [], malformed: [] });
  });

  test('a name that is set nowhere, and what is no name', () => {
    expect(interpolate('${A}${B:-b}${C}', {})).toMatchObject({ unset: ['A', 'C'], text: '${A}b${C}' });
    expect(interpolate('${} ${1A} ${A-b} ${open', {})).toMatchObject({ malformed: ['${}', '${1A}', '${A-b}', '${open'], unset: [] });
  });
});

describe('in a plan', () => {
  const plan = rightPlan.replace('- compress', '- compress: { level: "${LEVEL}" }').replace('path: /mnt/usb', 'path: "/mnt/${DISK}"');

  test('they come from the environment, then from .env beside the plan', async () => {
    const file = planFile(plan);
    writeFileSync(join(dirname(file), '.env'), '# disks\nDISK=usb1\nLEVEL=5\n');
    const loaded = await loadPlan(file, { registries, environment: { LEVEL: '7' }, resolveSecrets: false });
    expect(loaded.targets[0]?.options).toEqual({ path: '/mnt/usb1' });
    expect(loaded.graph.nodes.find((node) => node.kind === 'compress')?.options).toEqual({ level: 7 });
    expect(loaded.text).toContain('${DISK}');
  });

  test('one that is not set is a mistake in a run and a warning in a look', async () => {
    const expected = [
      { line: 8, column: 25, message: 'The variable LEVEL is not set.' },
      { line: 12, column: 34, message: 'The variable DISK is not set.' },
    ];
    const looked = await check(plan);
    expect(looked.mistakes).toEqual([]);
    expect(looked.warnings).toMatchObject(expected);
    expect(looked.plan).not.toBeNull();
    const run = await check(plan, { strict: true });
    expect(run.mistakes).toMatchObject(expected);
    expect(run.plan).toBeNull();
  });

  test('a text that reads as a number stays a text where one is asked for', async () => {
    const options = { environment: { LEVEL: '5', DISK: 'x', TARGET: '2024', PATH: '17' } };
    const file = planFile(plan.replace('to: usb', 'to: "${TARGET}"').replace('  usb:', '  2024:').replace('~/Documents', '"${PATH}"'));
    const loaded = await loadPlan(file, { registries, resolveSecrets: false, ...options });
    expect(loaded.graph.nodes.find((node) => node.kind === 'upload')?.options).toEqual({ to: '2024' });
    expect(loaded.sources[0]?.roots[0]?.path).toBe(join(dirname(file), '17'));
  });

  test('their values are not in messages', async () => {
    const mistakes = await mistakesOf(plan, { environment: { LEVEL: 'hunter2', DISK: 'usb' } });
    expect(mistakes).toEqual(['8:24 "level" is what "${LEVEL}" stands for. [a whole number from 1 to 19]']);
  });

  test('what is no variable is pointed at', async () => {
    expect(await mistakesOf(rightPlan.replace('/mnt/usb', '"/mnt/${US B}"'))).toEqual(['12:34 "${US B}" is no variable.']);
  });

  test('everything may be unknown in a look', async () => {
    for (const [part, variable] of [['{ path: ~/Documents }', '${X}'], ['- tar: { volume: 64MiB }', '- ${X}'], ['{ to: usb }', '{ to: "${X}" }'], ['{ to: usb }', '{ from: "${X}", to: usb }'], ['64MiB', '"${X}"'], ['{ path: ~/Documents }', '{ path: [a, "${X}"], exclude-larger-than: "${X}" }'], ['type: file', 'type: "${X}"'], ['- compress', '- encrypt: { to: "${X}" }'], ['{ path: ~/Documents }', '{ path: ["${X}", "${X}"] }'], ['{ path: ~/Documents }', '"${X}"'], ['name: nas', 'name: ${X}']] as const) {
      const { mistakes, warnings } = await check(rightPlan.replace(part, () => variable));
      expect(mistakes, variable).toEqual([]);
      expect(new Set(warnings.map((warning) => warning.message)), variable).toEqual(new Set(['The variable X is not set.']));
    }
  });

  test('a .env that cannot be read is an error, one that is a folder is not', async () => {
    const file = planFile(rightPlan);
    const { mkdirSync, symlinkSync, rmSync } = await import('node:fs');
    const env = join(dirname(file), '.env');
    mkdirSync(env);
    expect((await checkPlan(file, { registries, environment: {} })).mistakes).toEqual([]);
    rmSync(env, { recursive: true });
    symlinkSync('.env', env);
    await expect(checkPlan(file, { registries, environment: {} })).rejects.toMatchObject({ code: 'PLAN_INVALID', message: expect.stringContaining('.env cannot be read') as string });
  });
});
