/** How a push ends when it is told to. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server/start-server.ts';
import { jsonLines, sandbox, type Sandbox } from './fixture.ts';

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

test('Ctrl-C stops a push, with what was sent till then: exit code 130', async () => {
  box.write({ 'DCIM/film.mov': 'film'.repeat(5 * 2 ** 20) });
  const { child, ended } = box.start(['push', url(), 'DCIM', '--token-file', 'token', '--limit', '1MiB/s', '--json']);
  await expect.poll(() => server.events.some((event) => event.type === 'request' && event.path.startsWith('/upload?')), { timeout: 20_000 }).toBe(true);
  child.kill('SIGINT');
  const { code, out } = await ended;
  expect(code).toBe(130);
  expect(jsonLines(out).slice(-2)).toMatchObject([{ message_type: 'summary', exit_code: 130 }, { message_type: 'exit_error', code: 'INTERRUPTED' }]);
});

test('a watch that is ended when all is sent has done its work: exit code 0', async () => {
  const { child, ended } = box.start(['push', url(), 'DCIM', '--token-file', 'token', '--watch', '--settle', '100ms']);
  let out = '';
  child.stdout!.on('data', (text: string) => (out += text));
  await expect.poll(() => out, { timeout: 20_000 }).toContain('watching');
  box.write({ 'DCIM/c.jpg': 'third' });
  await expect.poll(() => out, { timeout: 20_000 }).toContain('c.jpg');
  child.kill('SIGTERM');
  expect((await ended).code).toBe(0);
  expect(out).toContain('sent 3 files, 16 B');
});
