import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonLines, planText, sandbox, someFiles, type Sandbox } from './fixture.ts';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
  box.write({ 'bat.yaml': `${planText()}retention: { last: 1, keep-tags: [release] }\n`, ...someFiles });
});
afterEach(() => box.remove());

/** A run that must succeed; each stores something new. */
let letter = 0;
async function run(...words: string[]): Promise<string> {
  box.write({ 'docs/letter.txt': `Dear number ${++letter}` });
  const { code, out, err } = await box.bat('run', ...words);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

test('a run says what it forgot, a dry run what it would forget, and prune every decision with its reasons', async () => {
  await run('--tag', 'release');
  await run('--no-prune');
  await run('--no-prune');
  const rehearsed = await box.bat('run', '-n');
  expect(rehearsed.out).toMatch(/^At the end 4 snapshots would be forgotten by the retention of the plan, which frees at least \S+ \S+ on disk; 2 and the new ones stay:$/m);
  const { code, out, err } = await box.bat('prune', '-n');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^docs: last 1, tag release$/m);
  expect(out).toMatch(/^snapshot +time +keep +why$/m);
  expect(out).toMatch(/^\S+-docs +\S+ \S+ +keep +tag release$/m);
  expect(out).toMatch(/^\S+-docs +\S+ \S+ +forget$/m);
  expect(out).toMatch(/^\S+-docs +\S+ \S+ +keep +the newest, last 1 of 1$/m);
  expect(out).toMatch(/^2 snapshots would be forgotten, 4 kept; would be freed: /m);
  expect(await run()).toMatch(/^forgot 4 snapshots, kept 4, freed disk /m);
  const table = (await box.bat('snapshots')).out;
  expect(table).toMatch(/^snapshot .* targets +tags$/m);
  expect(table).toMatch(/^4 snapshots$/m);
});

test('prune wants --yes where nobody can be asked, and its json has every decision, each target and the summary, as docs/json.md says', async () => {
  await run();
  await run('--no-prune');
  expect(await box.bat('snapshots', 'tag', 'latest', '--tag', 'x', '-q')).toEqual({ code: 0, out: '', err: '' });
  expect(await box.bat('sync', '-q')).toEqual({ code: 0, out: '', err: '' });
  const refused = await box.bat('prune');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('--yes');
  const { code, out, err } = await box.bat('prune', '--json', '--yes');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = jsonLines(out);
  expect(lines.filter((line) => line['message_type'] === 'decision').map(({ source, keep, reasons }) => [source, keep, reasons])).toEqual(
    ['docs', 'music'].flatMap((source) => [[source, false, []], [source, true, ['the newest', 'last 1 of 1']]]),
  );
  expect(lines.at(-2)).toMatchObject({ message_type: 'prune_target', target: 'disk', problem: null, manifests: 2 });
  expect(lines.at(-1)).toMatchObject({ message_type: 'summary', dry_run: false, exit_code: 0, kept: 2, forgotten: 2 });
  const page = readFileSync(join(import.meta.dirname, '../../docs/json.md'), 'utf8');
  for (const line of lines) for (const word of [...Object.keys(line), String(line['message_type'])]) expect(page).toContain(`\`${word}\``);
});

test('snapshots are tagged and protected by name, and shown so', async () => {
  for (const words of [['prune', '-y'], ['snapshots', 'protect', 'latest']]) expect((await box.bat(...words)).code, words.join(' ')).toBe(10);
  await run();
  expect((await box.bat('snapshots', 'protect', 'latest', '-s', 'docs')).out).toMatch(/^\S+-docs {2}no tags · protected\n1 snapshot changed$/m);
  const tagged = await box.bat('snapshots', 'tag', 'latest', '--tag', 'release', '--json');
  expect(jsonLines(tagged.out)).toMatchObject([{ message_type: 'marked', source: 'docs', tags: ['release'], protected: true, is_changed: true }, { source: 'music', protected: false }, { message_type: 'summary', changed: 2 }]);
  expect((await box.bat('snapshots', '--tag', 'release')).out).toMatch(/^\S+-docs .* release +yes$/m);
  expect((await box.bat('snapshots', 'tag', 'latest')).code).toBe(2);
});
