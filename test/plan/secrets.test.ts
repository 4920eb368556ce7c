import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { redact } from '../../src/core/secrets.ts';
import { loadPlan } from '../../src/plan/plan.ts';
import { renderMistakes } from '../../src/plan/render-mistakes.ts';
import { check, planFile, registries, rightPlan } from './fakes.ts';

const withKey = (key: string): string => rightPlan.replace('{ type: file, path: /mnt/usb }', `{ type: vault, key: ${key} }`);

async function resolvedKey(key: string, prepare: (folder: string) => void = () => {}, environment: Record<string, string> = {}): Promise<unknown> {
  const file = planFile(withKey(key));
  prepare(dirname(file));
  const plan = await loadPlan(file, { registries, environment: { PATH: process.env['PATH'], ...environment }, resolveSecrets: true, strict: true });
  return plan.targets[0]?.options['key'];
}

async function failure(key: string, prepare?: (folder: string) => void, environment?: Record<string, string>): Promise<BatError> {
  const error: unknown = await resolvedKey(key, prepare, environment).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BatError);
  return error as BatError;
}

describe('a secret comes', () => {
  test('from a file beside the plan, one newline cut', async () => {
    const prepare = (folder: string): void => writeFileSync(join(folder, 'key.txt'), 'file-secret-1 \n\n');
    expect(await resolvedKey('{ file: key.txt }', prepare)).toBe('file-secret-1 \n');
  });

  test('from a program that runs in the folder of the plan', async () => {
    const prepare = (folder: string): void => writeFileSync(join(folder, 'key.txt'), 'program-secret-2\r\n');
    expect(await resolvedKey('{ command: [cat, key.txt] }', prepare)).toBe('program-secret-2');
  });

  test('from systemd', async () => {
    const file = planFile(withKey('{ systemd-credential: vault }'));
    const folder = join(dirname(file), 'credentials');
    mkdirSync(folder);
    writeFileSync(join(folder, 'vault'), 'systemd-secret-3');
    const plan = await loadPlan(file, { registries, environment: { CREDENTIALS_DIRECTORY: folder }, resolveSecrets: true });
    expect(plan.targets[0]?.options['key']).toBe('systemd-secret-3');
  });

  test('from a variable, as the text it is', async () => {
    expect(await resolvedKey('"${KEY}"', () => {}, { KEY: '1234567890' })).toBe('1234567890');
  });

  test('into options inside of options, steps and hooks alike', async () => {
    const file = planFile(withKey('abcdefgh, login: { password: { command: [printf, nested-secret-4] } }').replace('  - compress', '  - compress\n  - encrypt: { passphrase: { command: [printf, step-secret-5] } }'));
    const plan = await loadPlan(file, { registries, environment: { PATH: process.env['PATH'] }, resolveSecrets: true });
    expect(plan.targets[0]?.options['login']).toEqual({ password: 'nested-secret-4' });
    expect(plan.graph.nodes.find((node) => node.kind === 'encrypt')?.options).toEqual({ passphrase: 'step-secret-5' });
    expect(redact('got nested-secret-4 and step-secret-5')).toBe('got *** and ***');
  });
});

describe('a secret that cannot be had', () => {
  test('is named with its option and line', async () => {
    const error = await failure('{ file: none.txt }');
    expect(error).toMatchObject({ code: 'SECRET_UNAVAILABLE', exitCode: 2 });
    expect(error.message).toMatch(/^"key" of the target usb \(.*bat\.yaml:12\) cannot be had: .*none\.txt: no such file or folder\.$/);
    expect(error.hint).toBeDefined();
  });

  test('says what a program said on stderr, and never what it printed', async () => {
    const prepare = (folder: string): void => {
      writeFileSync(join(folder, 'ask'), '#!/bin/sh\necho printed-secret-6\necho the vault is sealed >&2\nexit 7\n');
      chmodSync(join(folder, 'ask'), 0o755);
    };
    const error = await failure('{ command: [./ask] }', prepare);
    expect(error.message).toContain('exit code 7: the vault is sealed');
    expect(JSON.stringify([error.message, error.hint, error.cause, error.stack])).not.toContain('printed-secret-6');
  });

  test('a program that is not there, a file that is empty, no systemd', async () => {
    expect((await failure('{ command: [no-such-program-here] }')).message).toContain('could not be run (ENOENT)');
    expect((await failure('{ file: key.txt }', (folder) => writeFileSync(join(folder, 'key.txt'), '\n'))).message).toContain('it is empty');
    expect((await failure('{ systemd-credential: vault }')).message).toContain('systemd has handed over no credentials');
  });
});

describe('a look at a plan', () => {
  test('fetches nothing', async () => {
    const { plan, mistakes } = await check(withKey('{ command: [no-such-program-here] }'));
    expect(mistakes).toEqual([]);
    expect(plan?.targets[0]?.options['key']).toEqual({ command: ['no-such-program-here'] });
  });

  test('nor does loading it for something that needs no secret', async () => {
    const plan = await loadPlan(planFile(withKey('{ command: [no-such-program-here] }')), { registries, environment: {}, resolveSecrets: false });
    expect(plan.targets[0]?.options['key']).toEqual({ command: ['no-such-program-here'] });
  });

  test('finds a reference that is wrong', async () => {
    const cases: [string, string][] = [
      ['{ fil: x }', '"fil" is no option of "key".'],
      ['{}', '"key" is empty.'],
      ['{ file: a, command: [b] }', '"key" says more than one thing.'],
      ['{ command: pass show }', '"key.command" is "pass show".'],
      ['[a]', '"key" is not right.'],
    ];
    for (const [key, message] of cases) expect((await check(withKey(key))).mistakes.map((mistake) => mistake.message), key).toContain(message);
  });

  test('warns of a secret that is written out', async () => {
    const { warnings } = await check(withKey('written-out-7'));
    expect(warnings).toMatchObject([{ line: 12, column: 28, message: '"key" is a secret, and it is written in the plan itself.' }]);
    expect(redact('it is written-out-7')).toBe('it is ***');
    expect((await check(withKey('"${KEY}"'), { environment: { KEY: 'from-outside' } })).warnings).toEqual([]);
  });
});

describe('no message holds a secret', () => {
  const cases: [name: string, plan: string][] = [
    ['written out beside a mistake', withKey('hunter2hunter2, wrong: 1')],
    ['too short', withKey('hunter2')],
    ['in the wrong form', withKey('[hunter2hunter2]')],
    ['in a map of its own', withKey('{ value: hunter2hunter2 }')],
    ['below a key that is misspelt', withKey('x').replace('key: x', 'kex: hunter2hunter2')],
    ['below a key that does not belong', rightPlan.replace('path: /mnt/usb', 'path: /mnt, api-secret: hunter2hunter2')],
    ['repeated by an alias', `x-common: &k hunter2hunter2\n${withKey('*k, wrong: 1')}`],
    ['in the line where it is given a name', `x-common: { k: &k hunter2hunter2, k: 1 }\n${withKey('*k')}`],
    ['as a default', withKey('"${KEY:-hunter2hunter2}", wrong: 1')],
    ['in a line that is no YAML', withKey('hunter2hunter2: x')],
    ['in a quote that is not closed', withKey('"hunter2hunter2')],
    ['from a variable', withKey('"${SECRET}", wrong: "${SECRET}"')],
    ['from a variable, in the wrong place', rightPlan.replace('64MiB', '${OTHER}').replace('type: file', 'type: "${OTHER}"')],
    ['from a variable, as the name of a target', rightPlan.replace('to: usb', 'to: "${OTHER}"')],
    ['from a variable, in what a step says', rightPlan.replace('- compress', '- encrypt: { to: ["${OTHER}"] }')],
    ['from a variable, as the nearest word', rightPlan.replace('- compress', '- compress: { id: "${OTHER}" }').replace('{ to: usb }', '{ from: hiden-elsewhere, to: usb }').replaceAll('hiden', 'h1dden')],
    ['from a variable, as an id', rightPlan.replace('- compress', '- compress: { from: "${OTHER}", id: "${OTHER}" }')],
  ];
  test.each(cases)('%s', async (_name, plan) => {
    const { mistakes, warnings } = await check(plan, { environment: { SECRET: 'hidden-in-a-variable', OTHER: 'hidden-elsewhere' } });
    expect(mistakes.length + warnings.length).toBeGreaterThan(0);
    expect(JSON.stringify([mistakes, warnings]) + renderMistakes('bat.yaml', [...mistakes, ...warnings])).not.toMatch(/hunter2|hidden/);
  });
});
