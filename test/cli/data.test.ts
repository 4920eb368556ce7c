/** Commands whose standard output is data: nothing else comes there, and a reader may have enough of it. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jsonLines, planText, sandbox, type Sandbox } from './fixture.ts';

let box: Sandbox;
beforeAll(async () => {
  box = sandbox();
  box.write({ 'bat.yaml': planText(), 'docs/a.txt': 'first\n', 'docs/large': 'many words '.repeat(400_000), 'music/song.ogg': 'la la la\n', 'disk/.keep': '' });
  expect((await box.bat('run')).code).toBe(0);
});
afterAll(() => box.remove());

test('cat gives the bytes and nothing else', async () => {
  expect(await box.bat('cat', 'docs/a.txt')).toEqual({ code: 0, out: 'first\n', err: '' });
});

test('errors come on standard error, as JSON too', async () => {
  const { code, out, err } = await box.bat('cat', 'docs/b.txt', '--json');
  expect([code, out]).toEqual([10, '']);
  expect(jsonLines(err)).toEqual([expect.objectContaining({ message_type: 'exit_error', code: 'NOT_FOUND' })]);
  expect(await box.bat('dump', 'song.ogg')).toMatchObject({ code: 10, out: '', err: expect.stringContaining('The sources are: docs, music.') as string });
});

test('a reader that has enough is no failure', async () => {
  const { child, ended } = box.start(['cat', 'docs/large']);
  await once(child.stdout!, 'data');
  child.stdout!.destroy();
  expect(await ended).toMatchObject({ code: 0, err: '' });
});
