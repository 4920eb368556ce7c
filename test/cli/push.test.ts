import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server/start-server.ts';
import { jsonLines, sandbox, type Sandbox } from './fixture.ts';
import { JsonPage } from './json-page.ts';

let box: Sandbox;
let server: TestServer;
beforeEach(async () => {
  box = sandbox();
  server = await startServer();
  box.write({ 'DCIM/a.jpg': 'first', 'DCIM/100/b.jpg': 'second', 'token': `${server.tokens['camera']!}\n` });
});
afterEach(async () => {
  await server.close();
  box.remove();
});

const url = (): string => `${server.url}/photos/phone`;

test('files are sent and counted; the token comes from a file or the environment, and is shown nowhere', async () => {
  const planned = await box.bat('push', url(), 'DCIM', '--token-file', 'token', '-n');
  expect(planned).toMatchObject({ code: 0, err: '' });
  expect(planned.out).toContain('would send 2 files, 11 B; nothing was sent');
  const sent = await box.bat('push', url(), 'DCIM', '--token-file', 'token');
  expect(sent).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^sent 2 files, 11 B, in .* m?s\n$/) as string });
  expect(readFileSync(join(server.photos, 'phone/DCIM/100/b.jpg'), 'utf8')).toBe('second');
  const environment = { BAT_TOKEN: server.tokens['anna']! };
  const again = await box.start(['push', url(), 'DCIM', '--json'], { environment }).ended;
  expect(again).toMatchObject({ code: 0, err: '' });
  const lines = jsonLines(again.out);
  expect(lines.at(-1)).toMatchObject({ message_type: 'summary', exit_code: 0, sent: { files: 0 }, there: { files: 2, bytes: 11 } });
  const page = new JsonPage();
  for (const line of lines) expect(page.problemOf('push', line, new Set())).toBeNull();
  for (const { out } of [planned, sent, again]) for (const token of Object.values(server.tokens)) expect(out).not.toContain(token);
});

test.each([
  [{}, ['--json'], 2, 'SECRET_UNAVAILABLE'],
  [{ BAT_TOKEN: 'my password' }, ['--token-file', 'DCIM/a.jpg', '--json'], 2, 'SECRET_UNAVAILABLE'],
  [{ BAT_TOKEN: `bat_${'x'.repeat(43)}` }, ['--json'], 1, 'TARGET_DENIED'],
])('without the right token nothing is sent: %j %j', async (environment, words, code, error) => {
  const ended = await box.start(['push', url(), 'DCIM', ...words], { environment }).ended;
  expect(ended.code).toBe(code);
  expect(jsonLines(ended.out).at(-1)).toMatchObject({ message_type: 'exit_error', code: error });
  expect(ended.out + ended.err).not.toContain('my password');
  expect(existsSync(join(server.photos, 'phone'))).toBe(false);
});
