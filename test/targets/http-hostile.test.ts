/** A server that means harm, or only seems to be one: what it says leads nowhere, fills nothing, and ends in a sentence. */
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileChanged } from '../../src/actions/mirror/place.ts';
import { ServerLibrary } from '../../src/actions/mirror/server-library.ts';
import { parseDestination } from '../../src/actions/push/destination.ts';
import { pathIn } from '../../src/actions/push/kept.ts';
import { PushServer } from '../../src/actions/push/server.ts';
import { FileHashes } from '../../src/catalog/file-hashes.ts';
import { BatError } from '../../src/core/errors.ts';
import { HttpTarget } from '../../src/targets/http.ts';
import { context } from './http-store.ts';

async function serverThat(answers: RequestListener): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    answers(incoming, outgoing);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (value: unknown): RequestListener => (_incoming, outgoing) => void outgoing.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
const lines = (...values: unknown[]): RequestListener => (_incoming, outgoing) =>
  void outgoing.writeHead(200, { 'Content-Type': 'application/jsonl' }).end([...values, { end: values.length }].map((value) => `${JSON.stringify(value)}\n`).join(''));

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  const error = await work().then(() => null, (error: unknown) => error);
  return error instanceof BatError ? error.code : `no BatError: ${String(error)}`;
}

function targetAt(url: string): HttpTarget {
  const target = new HttpTarget('home', { url }, context, 2000);
  onTestFinished(() => target.close());
  return target;
}

function libraryAt(server: string): ServerLibrary {
  const library = new ServerLibrary({ address: { server, folder: 'photos', shown: `${server}/photos` }, token: null, ca: null, side: 'from', policy: { attempts: 1, wait: 1, maxWait: 1, within: 1000 }, emit: () => {}, signal: new AbortController().signal });
  onTestFinished(() => library.close());
  return library;
}

describe('the target http', () => {
  test.each([
    { name: '../../etc/passwd', size: 1 },
    { name: '/etc/passwd', size: 1 },
    { name: 'volumes/../../x', size: 1 },
    { name: 'volumes/.bat-tmp-x', size: 1 },
    { name: 'manifests/elsewhere', size: 1 },
    { name: 7, size: 1 },
    { name: 'volumes/a', size: -1 },
    { name: 'volumes/a', size: '1' },
    { name: 'volumes/a', size: 1e300 },
    { name: 'volumes/a' },
    [],
  ])('does not take %j for an object', async (object) => {
    const target = targetAt(await serverThat(lines(object)));
    expect(await codeOf(() => Array.fromAsync(target.list('volumes/')))).toBe('TARGET_UNREACHABLE');
  });

  test.each([null, 7, 'x', [], {}, { stores: null }, { stores: [null] }, { stores: [{ plan: '../x' }] }])('says of %j that no bat server answers', async (answer) => {
    const target = targetAt(await serverThat(json(answer)));
    expect(await codeOf(() => target.plans())).toBe('TARGET_UNREACHABLE');
    expect(await codeOf(() => target.connect({ create: true }))).toBe('TARGET_UNREACHABLE');
  });

  test.each([undefined, null, 'x', [null], [{ index: -1, size: 1, sha256: 'x' }]])('goes on with no upload whose parts are %j', async (parts) => {
    const target = targetAt(await serverThat(json({ name: 'volumes/a', partSize: 65_536, parts })));
    expect(await codeOf(() => target.resume('volumes/a', 'x', { temperature: 'cold', partSize: 65_536 }))).toBe('TARGET_UNREACHABLE');
  });
});

describe('bat mirror', () => {
  const head = { table: 1, folders: ['photos'] };
  const row = { path: 'photos/a', size: 1, mtime: '1.0', sha256: 'a'.repeat(64) };

  test.each([
    { path: 'photos/../../etc/x' },
    { path: '../x' },
    { path: '/etc/x' },
    { path: 'photos//x' },
    { path: 'photos/a\0' },
    { path: 7 },
    { size: -1 },
    { size: '1' },
    { mtime: 'now' },
    { mtime: 1 },
    { sha256: '../../../x' },
    { sha256: 7 },
  ])('does not believe a table with %j', async (wrong) => {
    const library = libraryAt(await serverThat(lines(head, { ...row, ...wrong })));
    expect(await codeOf(() => library.table(() => {}, () => {}))).toBe('TARGET_FAILED');
  });

  test.each([undefined, null, 'photos', [7], [null]])('nor one of the folders %j', async (folders) => {
    const library = libraryAt(await serverThat(lines({ table: 1, folders }, row)));
    expect(await codeOf(() => library.table(() => {}, () => {}))).toBe('TARGET_FAILED');
  });

  test.each([{ unseen: 'photos' }, { unseen: [7] }])('nor what it says that it could not see: %j', async (answer) => {
    const library = libraryAt(await serverThat(json(answer)));
    expect(await codeOf(() => library.sync())).toBe('TARGET_FAILED');
  });

  test('takes no more of a file than the table says, however much comes', async () => {
    let sent = 0;
    const endless: RequestListener = (_incoming, outgoing) => {
      const more = (): void => {
        while (!outgoing.destroyed && sent < 2 ** 28 && outgoing.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      outgoing.writeHead(200).on('drain', more);
      more();
    };
    const library = libraryAt(await serverThat(endless));
    let taken = 0;
    const read = async (): Promise<void> => {
      for await (const piece of library.read('photos/a', 100_000, 'a'.repeat(64))) taken += piece.length;
    };
    await expect(read()).rejects.toThrow(FileChanged);
    expect(taken).toBeLessThanOrEqual(100_000);
  });
});

const [one, other] = ['1', '2'].map((digit) => digit.repeat(64)) as [string, string];
test.each([{}, { missing: 7 }, { missing: [] }, { missing: [], known: {} }, { missing: [`sha256:${one}`], known: {} }, { missing: [`sha256:${one}`], known: [`sha256:${other}`] }])('a push takes nothing for kept of which %j says nothing', async (answer) => {
  const destination = parseDestination(`${await serverThat(json(answer))}/photos`);
  const folder = mkdtempSync(join(tmpdir(), 'bat-hostile-'));
  const hashes = FileHashes.open(join(folder, 'hashes.db'), () => {});
  const server = new PushServer({ destination, token: null, ca: null, pace: undefined, policy: { attempts: 1, wait: 1, maxWait: 1, within: 1000 }, hashes, emit: () => {}, signal: new AbortController().signal });
  onTestFinished(async () => {
    await server.close();
    hashes.close();
    rmSync(folder, { recursive: true });
  });
  expect(await codeOf(() => server.missing([one, other]))).toBe('TARGET_FAILED');
});

test('a path in a header that is no text is none', () => {
  expect([pathIn('photos/%e4'), pathIn('photos/%C3%A4'), pathIn(undefined)]).toEqual([null, 'photos/ä', null]);
});
