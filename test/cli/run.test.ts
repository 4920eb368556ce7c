import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { imports, jsonLines, planText, sandbox, someFiles, type Sandbox } from './fixture.ts';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
  box.write({ 'bat.yaml': planText(), ...someFiles });
});
afterEach(() => box.remove());

test('a run says a line for each source, then the table, and ends with 0', async () => {
  const { code, out, err } = await box.bat('run');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^docs: 2 files, 13 B · 2 new/m);
  expect(out).toMatch(/^source +files +size +new +changed +removed +read +to disk +time$/m);
  expect(out).toMatch(/^music +1 +9 B +1 +0 +0 +9 B/m);
  expect(out).toMatch(/^all +3 +22 B/m);
  expect(out).toMatch(/^done in /m);
});

test('only the sources that are named', async () => {
  const { out } = await box.bat('run', '-s', 'music');
  expect(out).toContain('music: 1 file');
  expect(out).not.toContain('docs');
});

test('quiet says nothing where there is nothing to say, and what is wrong on standard error', async () => {
  expect(await box.bat('run', '-q')).toEqual({ code: 0, out: '', err: '' });
  rmSync(join(box.folder, 'docs'), { recursive: true });
  const { code, out, err } = await box.bat('run', '-q');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^error: .*docs/m);
  expect(err).toMatch(/^hint: /m);
});

test('json is one object a line and nothing else, from the start to the summary, as docs/json.md says', async () => {
  const { code, out, err } = await box.bat('run', '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = jsonLines(out);
  expect(lines[0]).toMatchObject({ message_type: 'run_start', plan: 'home', sources: ['docs', 'music'], targets: ['disk'] });
  expect(lines.find((line) => line['message_type'] === 'source_summary')).toMatchObject({ source: 'docs', status: 'done', files: 2, new_files: 2, bytes_read: 13, bytes_sent: { disk: expect.any(Number) } });
  expect(lines.at(-1)).toMatchObject({ message_type: 'summary', exit_code: 0, sources: [{ source: 'docs' }, { source: 'music' }] });
  expect(new Set(lines.map((line) => line['message_type']))).toContain('status');
  const page = readFileSync(join(import.meta.dirname, '../../docs/json.md'), 'utf8');
  for (const line of lines) for (const word of [...Object.keys(line), String(line['message_type'])]) expect(page).toContain(`\`${word}\``);
});

test('a file that cannot be read is a warning, and exit code 3', async () => {
  box.write({ 'docs/secret': 'x' });
  // Root may read everything, so the refusal is made up.
  const hook = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
    const refuse = (open) => (path, ...rest) => { if (String(path).endsWith('docs/secret')) throw Object.assign(new Error('no'), { code: 'EACCES' }); return open(path, ...rest); };
    fs.openSync = refuse(fs.openSync); fs.promises.open = refuse(fs.promises.open); syncBuiltinESMExports();`;
  const { code, out, err } = await box.start(['run'], { environment: imports(hook) }).ended;
  expect(code).toBe(3);
  expect(err).toMatch(/^warning: docs: secret: /m);
  expect(out).toContain('(exit code 3)');
});

test('a target that is down: exit code 4, and which one is behind', async () => {
  box.write({
    'bat.yaml': planText().replace('to: disk', 'to: [disk, other]').replace('targets:', 'targets:\n  other: { type: file, path: blocked/there }'),
    blocked: 'a file where the folder of the target should be',
  });
  const { code, out, err } = await box.bat('run');
  expect(code).toBe(4);
  expect(err).toMatch(/^error: target other is left behind: /m);
  expect(out).toMatch(/other is behind.*\(exit code 4\)/);
});

test('a dry run says what would be done, and does nothing', async () => {
  const { code, out, err } = await box.bat('run', '-n');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^docs +2 +13 B +2 +0 +0 +13 B +1$/m);
  expect(out).toMatch(/^disk +file +\S+ +0 B +22 B +– +–$/m);
  expect(readdirSync(box.folder).sort()).toEqual(['bat.yaml', 'docs', 'music']);
  expect(jsonLines((await box.bat('run', '-n', '--json')).out).at(-1)).toMatchObject({ message_type: 'summary', dry_run: true, exit_code: 0 });
});

test('an unknown source is refused before anything is done', async () => {
  const { code, err } = await box.bat('run', '-s', 'nope');
  expect(code).toBe(2);
  expect(err).toMatch(/^error: The plan home has no source "nope"\.\nhint: It has: docs, music\.\n$/);
});

test('the mistakes of a plan are shown with their places, and stop it', async () => {
  box.write({ 'bat.yaml': planText().replace('type: file', 'type: fiel').replace('- tar', '- tarr') });
  const { code, out, err } = await box.bat('run');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^bat\.yaml:8:5 {2}error {2}/m);
  expect(err).toMatch(/did you mean "file"\?/);
  const lines = jsonLines((await box.bat('run', '--json')).out);
  expect(lines.map((line) => line['message_type'])).toEqual(['mistake', 'mistake', 'exit_error']);
  expect(lines[0]).toMatchObject({ file: 'bat.yaml', line: 8, severity: 'error' });
});

test('a variable that is set nowhere stops a run, and a secret is never shown', async () => {
  box.write({ 'bat.yaml': planText().replace('path: disk', 'path: "${BACKUP_DISK}"') });
  expect(await box.bat('run')).toMatchObject({ code: 2, err: expect.stringContaining('BACKUP_DISK') as string });
  mkdirSync(join(box.folder, 'here'));
  const { ended } = box.start(['run', '-q'], { environment: { BACKUP_DISK: 'here' } });
  expect((await ended).code).toBe(0);
});

test('colour only where it is asked for when the output is no terminal', async () => {
  const colourful = async (words: string[], environment: Record<string, string> = {}): Promise<boolean> => (await box.start(['validate', ...words], { environment }).ended).out.includes('\u001b[');
  expect(await Promise.all([colourful([]), colourful(['--color']), colourful([], { FORCE_COLOR: '1' }), colourful(['--no-color'], { FORCE_COLOR: '1' })])).toEqual([false, true, true, false]);
});

test('what is no known error is shown as a bug, with the stack and the versions', async () => {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { return url.endsWith('actions/run.ts') ? { format: 'module', shortCircuit: true, source: 'export const run = () => { throw new TypeError("oops"); }' } : next(url, context); } });`;
  const { code, err } = await box.start(['run'], { environment: imports(hook) }).ended;
  expect(code).toBe(1);
  expect(err).toMatch(/^error: This is a bug in bat\.\nTypeError: oops\n {4}at /);
  expect(err).toMatch(/^bat \S+, Node \S+, /m);
});
