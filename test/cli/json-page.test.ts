import { expect, test } from 'vitest';
import { fullName } from '../../src/cli/command-help.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { Shell } from '../../src/cli/shell.ts';
import { JsonPage } from './json-page.ts';

const page = new JsonPage();
const nothing = new Set<string>();

test('every command with --json has its lines on the page, and the page names no other command', () => {
  const shell = new Shell([], process.env);
  const all = buildProgram(shell).commands.flatMap((command) => [command, ...command.commands]);
  shell.close();
  const withJson = all.filter((command) => command.options.some(({ long }) => long === '--json')).map(fullName);
  expect(page.commands.sort()).toEqual([...withJson, 'run --dry-run'].sort());
});

test('the page is read to the fields of each line, and through what it refers to', () => {
  const problem = (command: string, line: Record<string, unknown>): string | null => page.problemOf(command, line, new Set(['usb']));
  expect(problem('run', { message_type: 'pruned', kept: 1, forgotten: 0, freed: { usb: 1 } })).toBeNull();
  expect(problem('run', { message_type: 'pruned', keeps: 1 })).toContain('keeps');
  expect(problem('run', { message_type: 'pruned', freed: { cloud: 1 } })).toContain('cloud');
  expect(problem('run', { message_type: 'sync_object' })).toContain('not on the page');
  expect(problem('prune', { message_type: 'target_failed', target: 'usb', code: 'X' })).toBeNull();
  expect(problem('recover', { message_type: 'summary', bytes_restored: 1 })).toBeNull();
  expect(problem('cat', { message_type: 'thaw_pending' })).toContain('not on the page');
  expect(problem('find', { message_type: 'match', mtime: '1', sha256: 'x' })).toBeNull();
  expect(problem('snapshots untag', { message_type: 'marked', tags: [] })).toBeNull();
  expect(problem('snapshots untag', { message_type: 'snapshot' })).toContain('not on the page');
  expect(problem('validate', { message_type: 'mistake', line: 1 })).toBeNull();
  expect(page.problemOf('cat', { message_type: 'exit_error', exit_code: 1 }, nothing)).toBeNull();
});
