import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonLines, planText, sandbox, someFiles, type Sandbox } from './fixture.ts';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
});
afterEach(() => box.remove());

test('init, validate, graph, run, restore: what init writes works as it is', async () => {
  box.write(someFiles);
  const made = await box.bat('init', 'docs', 'music', '--name', 'mine');
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(made.out).toContain('mine.key.txt off this machine');
  expect(made.out).toMatch(/Next: {2}bat run$/m);
  expect(made.out).not.toContain('AGE-SECRET-KEY');
  expect(statSync(join(box.folder, 'mine.key.txt')).mode & 0o777).toBe(0o600);
  expect(await box.bat('validate', '--strict')).toEqual({ code: 0, out: 'bat.yaml: ok\n', err: '' });
  expect((await box.bat('graph')).out).toContain('select ─ tar ─ compress ─ encrypt ─ upload → disk');
  expect((await box.bat('run', '-q')).code).toBe(0);
  expect((await box.bat('restore', '-q', '-i', 'mine.key.txt')).code).toBe(0);
  expect(readFileSync(join(box.folder, 'restored/mine/docs/sub/b.txt'), 'utf8')).toBe('second\n');
});

test('validate reports all mistakes of all plans, and which are right', async () => {
  box.write({
    'plans/good.yaml': planText(),
    'plans/bad.yaml': planText().replace('- compress', '- compres').replace('version: 1', 'version: 7'),
    'plans/odd.yaml': planText().replace('targets:', 'targets:\n  spare: { type: file, path: spare }'),
  });
  const { code, out } = await box.bat('validate');
  expect(code).toBe(2);
  expect(out).toMatch(/^plans\/bad\.yaml:1:10 {2}error/m);
  expect(out).toMatch(/did you mean "compress"\?/);
  expect(out).toMatch(/^plans\/bad\.yaml: 2 mistakes$/m);
  expect(out).toMatch(/^plans\/good\.yaml: ok$/m);
  expect(out).toMatch(/^plans\/odd\.yaml: ok, 1 warning$/m);
  const lines = jsonLines((await box.bat('validate', 'plans/bad.yaml', 'plans/good.yaml', '--json')).out);
  expect(lines.filter((line) => line['message_type'] === 'plan')).toMatchObject([{ file: 'plans/bad.yaml', ok: false, mistakes: 2 }, { file: 'plans/good.yaml', ok: true, mistakes: 0 }]);
});

test('a variable that is set nowhere is a warning, and with --strict a mistake', async () => {
  box.write({ 'bat.yaml': planText().replace('path: disk', 'path: "${NOWHERE}"') });
  expect(await box.bat('validate')).toMatchObject({ code: 0, out: expect.stringContaining('ok, 1 warning') as string });
  expect((await box.bat('validate', '--strict')).code).toBe(2);
});

test('without a name: bat.yaml, else the only plan in plans/, else the choice is left to the person', async () => {
  expect(await box.bat('graph')).toMatchObject({ code: 2, err: expect.stringContaining('There is no plan here') as string });
  box.write({ 'plans/one.yaml': planText().replace('name: home', 'name: one') });
  expect((await box.bat('graph')).out).toMatch(/^one\n/);
  box.write({ 'plans/two.yaml': planText().replace('name: home', 'name: two') });
  expect(await box.bat('graph')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('plans/one.yaml, plans/two.yaml') as string });
  expect((await box.bat('graph', 'plans/two.yaml', '--format', 'mermaid')).out).toMatch(/^flowchart LR\n/);
  expect(await box.bat('graph', 'plans/tow.yaml')).toMatchObject({ code: 2, err: expect.stringContaining('plans/two.yaml') as string });
  box.write({ 'bat.yaml': planText() });
  expect((await box.bat('graph')).out).toMatch(/^home\n/);
});

test('keygen writes what age-keygen writes, for its owner only, and never over a file', async () => {
  const { code, out, err } = await box.bat('keygen');
  expect(code).toBe(0);
  expect(out).toMatch(/^# created: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n# public key: (age1\w+)\nAGE-SECRET-KEY-1\w+\n$/);
  expect(err).toBe(`Public key: ${/age1\w+/.exec(out)![0]}\n`);
  const file = join(box.folder, 'k.txt');
  const made = await box.bat('keygen', '-o', 'k.txt', '--pq');
  expect(made).toMatchObject({ code: 0, out: '', err: expect.stringMatching(/^Public key: age1pq1/) as string });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const before = readFileSync(file, 'utf8');
  expect(await box.bat('keygen', '-o', 'k.txt')).toMatchObject({ code: 2, err: expect.stringContaining('never written over') as string });
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('a key with a passphrase needs somebody to ask, or the variable', async () => {
  expect(await box.bat('keygen', '--passphrase')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('BAT_PASSPHRASE') as string });
  const { ended } = box.start(['keygen', '--passphrase'], { environment: { BAT_PASSPHRASE: 'four random words' } });
  const { code, out, err } = await ended;
  expect(code).toBe(0);
  expect(out).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
  expect(out + err).not.toMatch(/SECRET-KEY|four random/);
});
