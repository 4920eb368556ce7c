import { existsSync, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonLines, planText, sandbox, someFiles, type Sandbox, type Started } from './fixture.ts';
import { JsonPage } from './json-page.ts';

let box: Sandbox;
let environment: Record<string, string>;
beforeEach(() => {
  box = sandbox();
  box.write({ 'bat.yaml': planText(), ...someFiles, 'tmp/.keep': '' });
  environment = { TMPDIR: join(box.folder, 'tmp') };
});
afterEach(() => box.remove());

const left = (): string[] => [...readdirSync(box.folder), ...readdirSync(join(box.folder, 'tmp'))].sort();

test('bench says what a run would cost, and what holds it up; nothing is left of it', async () => {
  const before = left();
  const { code, out, err } = await box.start(['bench', '--upload', '--upload-size', '1MiB'], { environment }).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^A first run of home, measured\. Nothing of it was stored\.\n\nmachine {2}.*\d cores?, .* Node \d.*\n/);
  expect(out).toMatch(/^CPU .* user, .* system; \d+\.\d of \d+ cores?$/m);
  expect(out).toMatch(/^step +what +takes +gives +busy +share +rate$/m);
  for (const step of ['select', 'tar', 'compress', 'upload', 'record']) expect(out).toMatch(new RegExp(`^${step} .* % `, 'm'));
  expect(out).toMatch(/^target +sent +up +down +small object +limits\ndisk +1\.0 MiB +\S+ [KM]iB\/s/m);
  expect(out).toMatch(/^The bottleneck is /m);
  expect(out).toMatch(/^At .* a first run of all of it, .*, takes .*\.$/m);
  expect(out).not.toContain('\u001b');
  expect(left()).toEqual(before);
});

test('as JSON each of its lines is as the page has it', async () => {
  const { code, out, err } = await box.start(['bench', '--json', '--upload', '--upload-size', '1MiB'], { environment }).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = jsonLines(out);
  const page = new JsonPage();
  for (const line of lines) expect(page.problemOf('bench', line, new Set()), JSON.stringify(line)).toBeNull();
  expect(lines.map((line) => line['message_type'])).toEqual(['machine', 'bench_source', 'bench_source', 'bench_step', 'bench_step', 'bench_step', 'bench_step', 'bench_step', 'bench_target', 'summary']);
  expect(lines[1]).toMatchObject({ source: 'docs', is_whole: true, issues: 0 });
  expect(lines.at(-1)).toMatchObject({ plan: 'home', exit_code: 0, bottleneck: { kind: 'step', advice: expect.any(Array) as string[] } });
});

test('a source and a target that are not there: exit code 1, and why', async () => {
  box.write({ 'bat.yaml': planText().replace('path: music', 'path: films').replace('path: disk', 'path: no/such/disk') });
  const { code, out, err } = await box.start(['bench', '--upload'], { environment }).ended;
  expect(code).toBe(1);
  expect(err).toMatch(/^error: music: The source "music" .*films/m);
  expect(err).toMatch(/^error: disk: Target "disk": .*is not there/m);
  expect(out).toMatch(/^disk +0 B +fails$/m);
  expect((await box.start(['bench', '--json'], { environment }).ended).out).toMatch(/"message_type":"bench_source","source":"music".*"code":"SOURCE_MISSING"/);
});

test('words and plans that are wrong: exit code 2', async () => {
  expect(await box.bat('bench', '--limit', 'much')).toMatchObject({ code: 2, err: expect.stringContaining('10MiB') as string });
  expect(await box.bat('bench', '--time', 'long')).toMatchObject({ code: 2, err: expect.stringContaining('30s') as string });
  expect(await box.bat('bench', '-s', 'films')).toMatchObject({ code: 2, err: expect.stringContaining('It has: docs, music.') as string });
});

test('Ctrl-C ends it with 130, and its folder is gone', async () => {
  const before = left();
  const started = await interrupted('exec sleep 600');
  expect((await started.ended).code).toBe(130);
  expect(left()).toEqual(before);
});

test('a second one ends it at once, and its folder is gone, too', async () => {
  const before = left();
  const started = await interrupted('trap "" TERM; sleep 2; sleep 2');
  started.child.kill('SIGINT');
  expect((await started.ended).code).toBe(130);
  expect(left()).toEqual(before);
});

/** A bench of a program that does this, once it works and has been told to stop. */
async function interrupted(work: string): Promise<Started> {
  box.write({ 'bat.yaml': planText().replace('{ path: music }', `{ command: [sh, -c, 'touch reading; ${work}'], as: dump }`) });
  const started = box.start(['bench', '-s', 'music'], { environment });
  const told = new Promise((resolve) => started.child.stderr!.once('data', resolve));
  await begun(box.folder);
  expect(left().join()).toContain('bat-bench-');
  started.child.kill('SIGINT');
  await told;
  return started;
}

/** Once the program has said so. */
async function begun(folder: string): Promise<void> {
  const file = join(folder, 'reading');
  const watcher = watch(folder);
  while (!existsSync(file)) await new Promise((resolve) => watcher.once('change', resolve));
  watcher.close();
  rmSync(file);
}
