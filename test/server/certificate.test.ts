import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import { connect, type PeerCertificate } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { certificateNotice, followCertificate, readCertificate } from '../../src/server/certificate.ts';
import type { ServerEvent } from '../../src/server/server-event.ts';
import { certificate, privateKey } from '../targets/tls-fixture.ts';
import { startServer } from './start-server.ts';

let folder: string;
let files: { certificate: string; key: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-tls-'));
  files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.certificate, certificate);
  writeFileSync(files.key, privateKey);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('with a certificate it speaks HTTPS, and the cookie of a session goes nowhere else', async () => {
  const server = await startServer({ settings: { tls: files } });
  try {
    expect(server.url).toMatch(/^https:/);
    const answer = await new Promise<{ status: number; cookie: string }>((resolve, reject) => {
      const asked = request(`${server.url}/session`, { method: 'POST', ca: certificate, headers: { authorization: `Bearer ${server.tokens['anna']!}` } }, (reply) => {
        reply.resume();
        resolve({ status: reply.statusCode!, cookie: reply.headers['set-cookie']![0]! });
      });
      asked.on('error', reject).end();
    });
    expect(answer.status).toBe(201);
    expect(answer.cookie).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
  } finally {
    await server.close();
  }
});

test.each([
  ['is not there', () => rmSync(files.certificate), 'no such file or folder'],
  ['is none', () => writeFileSync(files.certificate, 'x'), 'cannot be used'],
  ['has another key', () => writeFileSync(files.key, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })), 'is not that of the certificate'],
])('a certificate that %s is told as what it is', (_name, break_, message) => {
  break_();
  expect(() => readCertificate(files)).toThrow(expect.objectContaining({ code: 'LISTEN_FAILED', message: expect.stringContaining(message) as string }) as Error);
});

test('a key that cannot be read', () => {
  rmSync(files.key);
  mkdirSync(files.key);
  expect(() => readCertificate(files)).toThrow(/key of the certificate .* cannot be read: it is a folder/);
});

test('one that ends is told before it does', () => {
  const read = readCertificate(files);
  expect(certificateNotice(read)).toBeNull();
  expect(certificateNotice(read, Date.parse('2126-10-20'))).toMatch(/^The certificate ends in 7 days, on Oct 27 /);
  expect(certificateNotice(read, Date.parse('2127-01-01'))).toMatch(/^The certificate ended on Oct 27 /);
});

test('a new one is taken into use while the server runs; half a one is not', async () => {
  const events: ServerEvent[] = [];
  const server = createServer({ cert: certificate, key: privateKey }).listen(0, '127.0.0.1');
  const follower = followCertificate(server, files, (event) => void events.push(event), 5);
  try {
    const shown = (): Promise<PeerCertificate> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ca: certificate }, () => {
          resolve(socket.getPeerCertificate());
          socket.destroy();
        });
        socket.on('error', reject);
      });
    writeFileSync(files.certificate, certificate.slice(0, 200));
    await expect.poll(() => events.at(-1)).toMatchObject({ type: 'notice', message: expect.stringContaining('the old one stays in use') as string });
    expect((await shown()).subject.CN).toBe('localhost');
    writeFileSync(files.certificate, certificate);
    await expect.poll(() => events.at(-1)).toEqual({ type: 'notice', message: 'The certificate has changed: the new one is in use.' });
    expect((await shown()).subject.CN).toBe('localhost');
  } finally {
    follower.stop();
    server.close();
  }
});
