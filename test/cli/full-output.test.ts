/** Standard output that cannot be written: a full disk, a device with an error. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonLines, planText, sandbox, type Sandbox } from './fixture.ts';

let box: Sandbox;
beforeAll(async () => {
  box = sandbox();
  box.write({ 'bat.yaml': planText(), 'docs/a.txt': 'first\n', 'docs/large': 'many words '.repeat(400_000), 'music/song.ogg': 'la la la\n', 'disk/.keep': '' });
  expect((await box.bat('run')).code).toBe(0);
});
afterAll(() => box.remove());

/** What a shell with this line says; `bat` is the program. */
function inShell(line: string): { code: number | null; err: string } {
  const { status, stderr } = spawnSync('bash', ['-c', `bat() { "$NODE" "$BAT" "$@"; }; ${line}`], { cwd: box.folder, env: { ...process.env, ...box.around }, encoding: 'utf8' });
  return { code: status, err: stderr };
}

const full = /^error: The standard output of bat could not be written: no space left on the disk\.\nhint: [^\n]+\n$/;

test('a run goes on to its end', async () => {
  box.write({ 'docs/new': 'new\n' });
  const before = (await box.bat('snapshots', '--json')).out;
  expect(inShell('bat run > /dev/full')).toEqual({ code: 1, err: expect.stringMatching(full) as string });
  expect((await box.bat('snapshots', '--json')).out.split('\n').length).toBe(before.split('\n').length + 2);
  expect((await box.bat('cat', 'docs/new')).out).toBe('new\n');
  const log = readdirSync(join(box.folder, 'logs')).sort().at(-1)!;
  expect(readFileSync(join(box.folder, 'logs', log), 'utf8')).toContain('with exit code 0');
  expect(inShell('bat run > /dev/full 2> /dev/full')).toEqual({ code: 1, err: '' });
});

test.each(['ls -R', 'cat docs/large'])('%s says that its output is not whole', (words) => {
  expect(inShell(`bat ${words} > /dev/full`)).toEqual({ code: 1, err: expect.stringMatching(full) as string });
});

test('with --json, too', () => {
  const { code, err } = inShell('bat snapshots --json > /dev/full');
  expect(code).toBe(1);
  expect(jsonLines(err)).toEqual([expect.objectContaining({ message_type: 'exit_error', code: 'DISK_FAILED', exit_code: 1 })]);
});

test('a write of which only the first bytes had room is no whole one', () => {
  expect(inShell('ulimit -f 4200; bat cat docs/large > out')).toEqual({ code: 1, err: expect.stringMatching(/^error: The standard output of bat could not be written: /) as string });
});
