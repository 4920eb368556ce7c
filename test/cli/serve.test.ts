/** `bat serve` as a program: what it says, how it ends. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonLines, sandbox, type Sandbox, type Started } from './fixture.ts';
import { JsonPage } from './json-page.ts';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
  mkdirSync(join(box.folder, 'photos'));
});
afterEach(() => box.remove());

const settings = 'version: 1\nlisten: 127.0.0.1:0\nlibrary: { photos: photos }\n';

/** Its address, once it has said it. */
async function address({ child }: Started): Promise<string> {
  let text = '';
  for await (const piece of child.stdout!.iterator({ destroyOnReturn: false })) {
    text += piece as string;
    const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
    if (found) return found;
  }
  throw new Error(text);
}

test.each(['SIGINT', 'SIGTERM'] as const)('it serves what serve.yaml here says, a line for each request, until %s: exit code 0', async (signal) => {
  box.write({ 'serve.yaml': settings });
  const started = box.start(['serve']);
  const url = await address(started);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await fetch(`${url}/nothing?x=bat_${'a'.repeat(43)}`)).status).toBe(404);
  started.child.kill(signal);
  const { code, out } = await started.ended;
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toBe(`Serving on ${url}; Ctrl-C stops it.`);
  expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}200 {2}- {2}127\.0\.0\.1 {2}GET \/health {2}\S+ B out, \d+ ms$/);
  expect(lines[2]).toMatch(/ 404 {2}local {2}127\.0\.0\.1 {2}GET \/nothing\?x=bat_\*\*\* {2}/);
  expect(lines[3]).toBe('Stopped.');
});

test('--json: one event a line, as docs/json.md has them', async () => {
  box.write({ 'serve.yaml': settings });
  const started = box.start(['serve', '--json']);
  const url = await address(started);
  await fetch(`${url}/health`);
  started.child.kill('SIGTERM');
  const lines = jsonLines((await started.ended).out);
  expect(lines.map((line) => line['message_type'])).toEqual(['listening', 'request', 'stopped']);
  expect(lines[1]).toMatchObject({ user: null, address: '127.0.0.1', method: 'GET', path: '/health', status: 200, bytes_received: 0 });
  const page = new JsonPage();
  expect(lines.map((line) => page.problemOf('serve', line, new Set()))).toEqual([null, null, null]);
});

test('a token is printed once, with the lines for the settings; it opens the server, and nothing else does', async () => {
  const made = await box.bat('serve', 'token', 'anna');
  expect(made.out).toMatch(/^bat_[\w-]{43}\n$/);
  const token = made.out.trim();
  const line = `sha256:${createHash('sha256').update(token).digest('hex')}`;
  expect(made.err).toContain(`users:\n  anna: { token: "${line}", rights: [read, add] }\n`);
  const json = jsonLines((await box.bat('serve', 'token', '--json')).out)[0]!;
  expect(json).toMatchObject({ message_type: 'token', line: `sha256:${createHash('sha256').update(json['token'] as string).digest('hex')}` });
  expect(await box.bat('serve', 'token', 'an na')).toMatchObject({ code: 2, out: '' });
  box.write({ 'serve.yaml': settings + made.err.slice(made.err.indexOf('users:')) });
  const started = box.start(['serve', '-q']);
  const url = await address(started);
  const ask = async (sent: string): Promise<number> => (await fetch(`${url}/session`, { headers: { authorization: `Bearer ${sent}` } })).status;
  expect([await ask(token), await ask(json['token'] as string)]).toEqual([200, 401]);
  started.child.kill('SIGTERM');
  expect((await started.ended).out.trimEnd().split('\n')).toHaveLength(2);
});

test('what keeps it from starting is told with a hint, and the exit code says what kind of mistake it is', async () => {
  expect(await box.bat('serve')).toMatchObject({ code: 2, err: expect.stringContaining('The settings serve.yaml cannot be read') as string });
  box.write({ 'serve.yaml': 'version: 1\nlibrary: { photos: photos }\nlisten: 0.0.0.0:7878\n' });
  const open = await box.bat('serve');
  expect(open.code).toBe(2);
  expect(open.err).toContain('serve.yaml:3:9  error  Other machines could reach "0.0.0.0:7878", and there are no users');
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  box.write({ 'serve.yaml': settings.replace(':0\n', `:${(other.address() as AddressInfo).port}\n`) });
  const taken = await box.bat('serve');
  other.close();
  expect(taken.code).toBe(1);
  expect(taken.err).toMatch(/^error: The server cannot listen on 127\.0\.0\.1:\d+: another program listens there\.\nhint: Stop that one.*\n$/);
});

test('two servers do not work with the same settings', async () => {
  box.write({ 'serve.yaml': settings });
  const started = box.start(['serve']);
  await address(started);
  const second = await box.bat('serve');
  started.child.kill('SIGTERM');
  await started.ended;
  expect(second).toMatchObject({ code: 11, err: expect.stringMatching(/^error: Another server works with the same settings/) as string });
});
