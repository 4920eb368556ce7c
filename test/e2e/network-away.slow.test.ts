/** A server that goes away and comes back, seen from bat as a program. */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonLines, sandbox, type Sandbox, type Started } from '../cli/fixture.ts';
import { everythingIn, newBucket } from '../servers/s3-access.ts';
import { startS3Server, type S3Server } from '../servers/s3-server.ts';

let box: Sandbox;
let server: S3Server;
let bucket: string;

beforeEach(async () => {
  box = sandbox();
  server = await startS3Server();
  bucket = await newBucket(server);
});
afterEach(async () => {
  await server.stop();
  box.remove();
});

/** A plan with a disk and the server; `options` of the target on the server. */
function writePlan(options: string): void {
  box.write({
    'docs/letter.txt': 'Dear Anna\n',
    'bat.yaml': `version: 1
name: home
sources: { docs: { path: docs } }
steps: [select, tar, upload: { to: [disk, cloud] }, record: { log: logs }]
targets:
  disk: { type: file, path: disk }
  cloud: { type: minio, bucket: ${bucket}, region: ${server.region}, endpoint: "${server.endpoint}", access-key: "\${KEY}", secret-key: "\${SECRET}", ${options} }
`,
  });
}

function run(...words: string[]): Started {
  return box.start(['run', ...words], { environment: { KEY: server.accessKey, SECRET: server.secretKey } });
}

/** Each line of the program as it comes. */
function onLine({ child }: Started, stream: 'stdout' | 'stderr', hear: (line: string) => void): void {
  createInterface({ input: child[stream]! }).on('line', hear);
}

test('a run waits until it is there again, and says so once', async () => {
  writePlan('retry: { for: 1h, wait: 100ms, max-wait: 200ms }');
  await server.kill();
  const started = run();
  onLine(started, 'stderr', (line) => {
    if (line.includes('no answer')) void server.start();
  });
  const { code, out, err } = await started.ended;
  expect(err).toMatch(/^warning: cloud: no answer \(the connection was refused\); trying again in \d+ ms, for (1 h|59 min \d+ s) more\n$/);
  expect(out).toMatch(/^cloud: back after /m);
  expect(code).toBe(0);
  expect(await everythingIn(server, bucket)).toContainEqual(expect.stringContaining('manifests/'));
});

test('a server that goes away in the middle of the upload costs nothing but the wait', async () => {
  writePlan('retry: { for: 1h, wait: 100ms, max-wait: 200ms }, limit: { upload: 6MiB/s }');
  writeFileSync(join(box.folder, 'docs/large'), randomBytes(24 * 2 ** 20));
  const started = run('--json');
  onLine(started, 'stdout', (line) => {
    if (line.includes('"source_start"')) void server.kill();
    if (line.includes('"retry"') && line.includes('"away":true')) void server.start();
  });
  const { code, out } = await started.ended;
  expect(code).toBe(0);
  const lines = jsonLines(out);
  const retries = lines.filter(({ message_type }) => message_type === 'retry');
  expect(retries.length).toBeGreaterThan(0);
  expect(retries.length).toBeLessThan(10);
  expect(lines.filter(({ message_type }) => message_type === 'target_back').length).toBeGreaterThan(0);
  expect(lines.find(({ message_type }) => message_type === 'source_summary')).toMatchObject({ status: 'done', bytes_sent: { cloud: expect.any(Number) as number } });
  expect((await everythingIn(server, bucket)).filter((name) => name.includes('(upload '))).toEqual([]);
});

test('Ctrl-C ends the wait at once', async () => {
  writePlan('retry: { wait: 1h, max-wait: 1h }');
  await server.kill();
  const started = run();
  onLine(started, 'stderr', (line) => {
    if (line.includes('no answer')) started.child.kill('SIGINT');
  });
  const { code, err } = await started.ended;
  expect(code).toBe(130);
  expect(err).toMatch(/trying again in \d\d min.*\(try 2 of 5\)\n/);
});

test('the hours of a target keep a run back, and not a listing', async () => {
  const hour = new Date().getUTCHours();
  const two = (value: number): string => String((hour + value) % 24).padStart(2, '0');
  writePlan(`limit: { hours: "${two(2)}:00-${two(4)}:00" }`);
  const started = run();
  onLine(started, 'stdout', (line) => {
    if (line === `cloud: waits until ${two(2)}:00`) started.child.kill('SIGINT');
  });
  expect((await started.ended).code).toBe(130);
  expect(await everythingIn(server, bucket)).toEqual([]);
  const listing = await box.start(['snapshots'], { environment: { KEY: server.accessKey, SECRET: server.secretKey } }).ended;
  expect(listing.code).toBe(10);
});
