import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonLines, planText, sandbox, type Sandbox } from './fixture.ts';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
  box.write({ 'bat.yaml': planText().replace('to: disk', 'to: [disk, far]').replace(/$/, '  far: { type: file, path: no/such/place }\n') });
});
afterEach(() => box.remove());

test('targets lists them without asking any of them', async () => {
  const { code, out, err } = await box.bat('targets');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['target', 'type', 'upload', 'location'],
    ['disk', 'file', 'upload', join(box.folder, 'disk/home')],
    ['far', 'file', 'upload', join(box.folder, 'no/such/place/home')],
    ['2 targets'],
    [''],
  ]);
  expect(jsonLines((await box.bat('targets', '--json')).out)).toMatchObject([{ message_type: 'target', target: 'disk', type: 'file', uploads: ['upload'] }, { target: 'far' }]);
  expect(readdirSync(box.folder)).not.toContain('disk');
});

test('targets check says what works, what does not and how to mend it, and ends with 1', async () => {
  const { code, out, err } = await box.bat('targets', 'check');
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(out).toMatch(/^disk · file\n {2}✓ can be reached.*\n {2}stores about \d+ KiB in .*\/disk\/\.bat-check-[0-9a-f]{8}, and removes it again\n/);
  expect(out).toContain('  ✓ replaces an object, by a shorter one and by a longer one\n');
  expect(out).toMatch(/^ {2}\d+ passed\n {2}.* sent in \d+ calls\n {2}nothing of it is left there\n$/m);
  expect(out).toMatch(/^far · file\n {2}✗ can be reached .*\n {4}Target "far": .*is not there.*\n {4}hint: Is the disk mounted\?.*\n {2}0 passed, 1 failed, \d+ not asked/m);
  expect(out).toMatch(/1 target of 2 has to be mended: far\.\n$/);
  expect(out).not.toContain('\u001b');
  expect(readdirSync(box.folder)).not.toContain('disk');
});

test('targets check of a good one ends with 0, and as JSON gives a line a check', async () => {
  mkdirSync(join(box.folder, 'no/such'), { recursive: true });
  const { code, out, err } = await box.bat('targets', 'check', '--json', '-t', 'far');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = jsonLines(out);
  expect(lines[0]).toMatchObject({ message_type: 'check', target: 'far', check: 'access/connect', status: 'passed', retries: 0 });
  expect(lines[1]).toMatchObject({ message_type: 'target_start', target: 'far', part_size: 2 ** 18, parallel: 4, sends: expect.any(Number) as number });
  const checks = lines.slice(2, -2);
  expect(checks.every((line) => line['message_type'] === 'check')).toBe(true);
  // A folder keeps no checksums.
  expect(checks.filter((line) => line['status'] !== 'passed')).toEqual([expect.objectContaining({ check: 'objects/checksum', status: 'skipped' })]);
  expect(lines.at(-2)).toMatchObject({ message_type: 'target_summary', target: 'far', ok: true, failed: 0, left_behind: [] });
  expect(lines.at(-1)).toEqual({ message_type: 'summary', plan: 'home', exit_code: 0, failed: [] });
});

test('a mistake in the plan, and a variable that is set nowhere, are told as such', async () => {
  expect(await box.bat('targets', 'check', '-t', 'dsk')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean "disk"?') as string });
  box.write({ 'bat.yaml': planText().replace('path: disk', 'path: "${NOWHERE}"') });
  for (const words of [['targets'], ['targets', 'check']]) expect(await box.bat(...words)).toMatchObject({ code: 2, out: '', err: expect.stringContaining('NOWHERE') as string });
  box.write({ 'bat.yaml': planText().replace('type: file', 'type: flie') });
  expect(await box.bat('targets')).toMatchObject({ code: 2, err: expect.stringContaining('did you mean "file"?') as string });
});
