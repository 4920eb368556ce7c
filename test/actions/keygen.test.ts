import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { identityText, writeKeyFile } from '../../src/actions/key-file.ts';
import { keygen } from '../../src/actions/keygen.ts';
import { openKeys } from '../../src/actions/store.ts';
import type { Target } from '../../src/targets/target.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-keygen-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = new Date('2026-11-20T06:00:13Z');

test('age-keygen finds the same public key in the file', async () => {
  const { text, recipient } = await keygen({ kind: 'x25519', passphrase: null, now });
  const file = join(folder, 'key.txt');
  await writeKeyFile(file, text);
  expect(execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim()).toBe(recipient);
  expect(text.split('\n')[1]).toBe(`# public key: ${recipient}`);
});

test('each key is a new one', async () => {
  const keys = await Promise.all([1, 2].map(() => keygen({ kind: 'x25519', passphrase: null, now })));
  expect(keys[0]!.recipient).not.toBe(keys[1]!.recipient);
});

describe('a key with a passphrase', () => {
  const nothing = { async *list() {}, location: 'nowhere', id: 'none' } as unknown as Target;

  test('opens with it and with no other', async () => {
    const { text } = await keygen({ kind: 'pq', passphrase: 'correct horse', now });
    expect(text).not.toContain('SECRET');
    for (const line of text.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(64);
    expect((await openKeys(nothing, { identities: [Buffer.from(text)], passphrase: async () => 'correct horse' })).size).toBe(1);
    await expect(openKeys(nothing, { identities: [Buffer.from(text)], passphrase: async () => 'battery staple' })).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });
});

test('the text is what age-keygen writes, the time with its zone', () => {
  expect(identityText('AGE-SECRET-KEY-1X', 'age1x', now)).toMatch(/^# created: 2026-11-\d\dT\d\d:\d\d:13(Z|[+-]\d\d:\d\d)\n# public key: age1x\nAGE-SECRET-KEY-1X\n$/);
});

test.each(['America/St_Johns', 'Asia/Kathmandu', 'UTC'])('its time is the right one in %s', (zone) => {
  vi.stubEnv('TZ', zone);
  const [, written] = /created: (\S+)/.exec(identityText('i', 'r', now))!;
  expect(new Date(written!)).toEqual(now);
  vi.unstubAllEnvs();
});

test('a key file is for its owner only, and never written over', async () => {
  const file = join(folder, 'key.txt');
  await writeKeyFile(file, 'one');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await expect(writeKeyFile(file, 'two')).rejects.toMatchObject({ code: 'USAGE' });
  expect(readFileSync(file, 'utf8')).toBe('one');
});

test('a folder that is not there is said', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(writeKeyFile(join(folder, 'file/key.txt'), 'x')).rejects.toMatchObject({ code: 'DISK_FAILED', message: expect.stringContaining('not a folder') as string });
});
