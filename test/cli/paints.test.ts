/** What others have named or said: none of it paints on a terminal, or writes lines of its own into a log. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serverView } from '../../src/cli/views/serve.ts';
import type { Shell } from '../../src/cli/shell.ts';
import { sandbox, type Sandbox } from './fixture.ts';

// oxlint-disable-next-line no-control-regex
const painting = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
const evil = '\u001b]0;owned\u0007\u001b[2J\u202e\u009b1m';

let box: Sandbox;
beforeEach(() => void (box = sandbox()));
afterEach(() => box.remove());

function logged(event: Parameters<ReturnType<typeof serverView>>[0]): string[] {
  const lines: string[] = [];
  const same = (text: string): string => text;
  const output = { line: (text: string) => void lines.push(text), colours: { bold: same, dim: same, green: same, red: same, yellow: same } };
  serverView({ out: output, err: output } as unknown as Shell, false)(event);
  return lines.join('\n').split('\n');
}

test('a name in the log of the server is one line, whatever stands in it', () => {
  const message = `photos/a\n2026-11-20 20:00:00  200  anna  GET /files/x${evil} could not be read: it is damaged.`;
  for (const event of [{ type: 'notice', message }, { type: 'failure', message }] as const) {
    const lines = logged(event);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(painting);
    expect(lines[0]).toContain('photos/a\\u000a2026');
  }
  const lines = logged({ type: 'failure', message, stack: `Error: ${message}\n    at one (a.ts:1:1)\n    at two (b.ts:2:2)` });
  expect(lines.slice(1)).toEqual(['    at one (a.ts:1:1)', '    at two (b.ts:2:2)']);
  expect(lines[0]).not.toMatch(painting);
});

test.each([
  ['push', (url: string) => ['push', `${url}/photos`, 'DCIM', '--retry-for', '1s']],
  ['mirror', (url: string) => ['mirror', `${url}/photos`, 'copy', '--retry-for', '1s']],
])('what a server says to bat %s', async (_name, words) => {
  mkdirSync(join(box.folder, 'DCIM'));
  writeFileSync(join(box.folder, 'DCIM', 'a.jpg'), 'a');
  const answer: RequestListener = (incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(403, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { code: 'DENIED', message: `No${evil}.`, hint: `Ask${evil}.` } }));
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { code, out, err } = await box.bat(...words(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  server.close();
  expect(code).not.toBe(0);
  expect(err).toContain('\\u001b]0;owned\\u0007');
  expect(out + err).not.toMatch(painting);
});
