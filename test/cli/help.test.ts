import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Command } from 'commander';
import { fullName } from '../../src/cli/command-help.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { Shell } from '../../src/cli/shell.ts';
import { batVersion } from '../../src/core/version.ts';
import { imports, jsonLines, sandbox, type Sandbox } from './fixture.ts';

let box: Sandbox;
beforeAll(() => {
  box = sandbox();
});
afterAll(() => box.remove());

const shell = new Shell([], { ...process.env, NO_COLOR: '1' });
afterAll(() => shell.close());
const commands = buildProgram(shell).commands.flatMap((command) => (command.name() === 'help' ? [] : [command, ...command.commands]));

/** What commander writes, examples included. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ ...command.configureOutput(), writeOut: (piece) => (text += piece), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}

test('the help of bat fits one screen and names every command, the main job first', () => {
  const text = helpOf(buildProgram(shell));
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(44);
  const named = [...text.matchAll(/^ {2}([a-z]+) .*/gm)].map((match) => match[1]).filter((word) => word !== 'bat');
  expect(named).toEqual([
    'run',
    'restore',
    'recover',
    'snapshots',
    'ls',
    'find',
    'diff',
    'show',
    'cat',
    'dump',
    'decrypt',
    'verify',
    'stats',
    'copy',
    'drill',
    'delete',
    'prune',
    'init',
    'validate',
    'graph',
    'targets',
    'bench',
    'serve',
    'push',
    'mirror',
    'sync',
    'rekey',
    'keygen',
  ]);
});

describe.each(commands.map((command) => [fullName(command), command] as const))('bat %s', (name, command) => {
  const text = helpOf(command);

  test('says in its help what it does, each option, and an example', () => {
    expect(text).toMatch(/^\S.{30,}/);
    expect(text).toContain(`Usage: bat ${name}`);
    for (const option of command.options) expect(option.description, option.flags).not.toBe('');
    const examples = text.split('Examples:\n')[1]!.trimEnd().split('\n');
    for (const example of examples) expect(example).toMatch(new RegExp(`^  .*bat ${name}\\b.*  \\S`));
  });

  test('has examples that the command line takes, options, values and all', async () => {
    const examples = text.split('Examples:\n')[1]!.replaceAll(/\$\(.*?\)/g, '0'.repeat(64));
    for (const [, rest] of examples.matchAll(/\bbat ((?:(?! {2,}|[|>]).)+)/g)) {
      const program = buildProgram(shell);
      const words = [...rest!.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
      const called: string[] = [];
      for (const each of program.commands.flatMap((one) => [one, ...one.commands])) each.action(() => void called.push(fullName(each)));
      await program.parseAsync(words, { from: 'user' });
      expect(called.map((one) => `${one} `), rest).toEqual([expect.stringMatching(new RegExp(`^${name} `))]);
    }
  });

  test('fits 80 columns', () => {
    for (const line of text.split('Examples:')[0]!.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});

test('help is shown for a command by its name, on standard output', async () => {
  const { code, out, err } = await box.bat('help', 'run');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('--dry-run');
  expect((await box.bat('help', 'targets', 'check')).out).toContain('Usage: bat targets check [plan] [options]');
});

test('the version', async () => {
  expect(await box.bat('--version')).toEqual({ code: 0, out: `${batVersion}\n`, err: '' });
});

test('no command: the help, on standard error, and exit code 2', async () => {
  const { code, out, err } = await box.bat();
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('Commands:');
});

test.each([
  [['rnu'], "error: Unknown command 'rnu'.", 'Did you mean run?'],
  [['nope'], "error: Unknown command 'nope'.", 'See `bat help`.'],
  [['help', 'targets', 'chek'], "error: There is no command 'targets chek'.", 'Did you mean check?'],
  [['help', 'restor'], "error: There is no command 'restor'.", 'Did you mean restore?'],
  [['run', '--dry-rum'], "error: Unknown option '--dry-rum'.", 'Did you mean --dry-run?'],
  [['init'], "error: Missing required argument 'folder'.", 'See `bat help init`.'],
  [['restore', '--overwrite', 'sometimes'], 'if-changed', 'See `bat help restore`.'],
  [['restore', '--in-place', '--to', 'x'], '--in-place', 'See `bat help restore`.'],
])('%j is told in one sentence with the nearest right word', async (words, message, hint) => {
  const { code, out, err } = await box.bat(...words);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(message);
  expect(err).toContain(`hint: ${hint}`);
  expect(err.trimEnd().split('\n')).toHaveLength(2);
});

test('a wrong command line is told in JSON where JSON is asked for', async () => {
  const { code, out, err } = await box.bat('run', '--json', '--nonsense');
  expect({ code, err }).toEqual({ code: 2, err: '' });
  expect(jsonLines(out)).toMatchObject([{ message_type: 'exit_error', code: 'USAGE', exit_code: 2 }]);
});

test('nothing heavy is loaded before it is needed', async () => {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) { const found = next(name, context); process._rawDebug('loads ' + found.url); return found; } });`;
  const { ended } = box.start(['--version'], { environment: imports(hook) });
  const { code, err } = await ended;
  expect(code).toBe(0);
  expect(err).toContain('loads ');
  expect(err).not.toMatch(/ajv|listr2|age-encryption|sqlite|execa|node_modules\/yaml|fast-string-width/);
});
