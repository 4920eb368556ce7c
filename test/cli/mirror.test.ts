/** `bat mirror` as a program: what it says, and what it ends with. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from '../../src/catalog/lock.ts';
import { placeFiles } from '../../src/actions/mirror/waiting.ts';
import { filesIn, write } from '../actions/mirror/mirror-setting.ts';
import { startServer, type TestServer } from '../server/start-server.ts';
import { jsonLines, sandbox, type Sandbox } from './fixture.ts';
import { JsonPage } from './json-page.ts';

let box: Sandbox;
let server: TestServer;
beforeEach(async () => {
  box = sandbox();
  server = await startServer({ users: { anna: { rights: ['read', 'add', 'delete'] } } });
});
afterEach(async () => {
  await server.close();
  box.remove();
});

test('a dry run, a mirror, and one that waits; a token of which no word is said', async () => {
  write(server.photos, { 'a.jpg': 'first', 'b.jpg': 'second' });
  const url = `${server.url}/photos`;
  const environment = { BAT_FROM_TOKEN: server.tokens['anna']! };
  const mirror = (...words: string[]) => box.start(['mirror', url, 'disk', ...words], { environment }).ended;
  const disk = join(box.folder, 'disk');
  expect(await mirror('-n')).toEqual({ code: 0, err: '', out: `would send a.jpg, 5 B\nwould send b.jpg, 6 B\n${url} → ${disk}\n  in place already: 0 files\n  would be sent: 2 files, 11 B\nnothing was changed\n` });
  const lines = jsonLines((await mirror('--json', '--delete')).out);
  expect(lines).toContainEqual({ message_type: 'file', action: 'send', path: 'b.jpg', bytes: 6 });
  expect(lines.at(-1)).toMatchObject({ message_type: 'summary', exit_code: 0, same: 0, sent: { files: 2, bytes: 11 } });
  const page = new JsonPage();
  rmSync(join(server.photos, 'a.jpg'));
  const { code, out } = await mirror('--delete', '--grace', '7d');
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^http\S+ → \S+\n {2}in place already: 1 file\n {2}waiting to be removed: 1 file, 5 B, the first from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d on\nmirrored in .*\n$/) as string });
  const waits = jsonLines((await mirror('--delete', '-n', '--json')).out);
  expect(waits[0]).toMatchObject({ action: 'wait', path: 'a.jpg' });
  expect([...lines, ...waits].map((line) => page.problemOf('mirror', line, new Set()))).toEqual([...lines, ...waits].map(() => null));
  expect(await mirror('-q')).toEqual({ code: 0, out: '', err: '' });
  expect(filesIn(disk)).toEqual({ 'a.jpg': 'first', 'b.jpg': 'second' });
});

test('what is wrong: the words, the token, another mirror to the same place', async () => {
  write(server.photos, { a: 'a' });
  writeFileSync(join(box.folder, 'token'), `${server.tokens['anna']!}\n`);
  const url = `${server.url}/photos`;
  const failed = async (...words: string[]): Promise<unknown> => {
    const { code, out } = await box.bat('mirror', ...words, '--json');
    return [code, jsonLines(out).at(-1)?.['code']];
  };
  expect(await failed(url, 'disk')).toEqual([1, 'TARGET_DENIED']);
  expect((await box.bat('mirror', url, 'disk')).err).toContain('--from-token-file or BAT_FROM_TOKEN');
  expect(await failed('nas/photos', 'disk')).toEqual([2, 'USAGE']);
  expect(await failed('http://anna:secret@nas', 'disk')).toEqual([2, 'USAGE']);
  expect(await failed(url, 'disk', '--force-delete')).toEqual([2, 'USAGE']);
  expect(await failed(url, 's3://bucket', '--from-token-file', 'token')).toEqual([2, 'USAGE']);
  expect(await failed(url, 'not/there/disk', '--from-token-file', 'token')).toEqual([1, 'TARGET_UNREACHABLE']);
  const lock = takeLock(placeFiles(join(box.folder, 'disk'), { XDG_STATE_HOME: join(box.folder, 'state') }).lock, 'mirror');
  expect(await failed(url, 'disk', '--from-token-file', 'token')).toEqual([11, 'PLAN_LOCKED']);
  lock.release();
  expect((await box.bat('mirror', url, 'disk', '--from-token-file', 'token')).code).toBe(0);
});
