import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Sessions } from '../../src/server/access/sessions.ts';
import { hashToken, makeToken } from '../../src/server/access/tokens.ts';
import type { UserSettings } from '../../src/server/settings/settings.ts';

let folder: string;
let now: number;
const hash = hashToken(makeToken());
const other = hashToken(makeToken());
const user = (name: string, ...tokens: Buffer[]): UserSettings => ({ name, tokens, rights: new Set(['read']), library: null, stores: null, quota: null });
const day = 86_400_000;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-sessions-'));
  now = 1_800_000_000_000;
});
afterEach(() => rmSync(folder, { recursive: true }));
const open = (...users: UserSettings[]): Sessions => new Sessions(folder, users.length > 0 ? users : [user('anna', hash)], () => now);

test('one lasts 30 days, over a restart, and no longer', async () => {
  const { id, seconds } = await open().begin('anna', hash);
  expect(seconds).toBe(30 * 86_400);
  const sessions = open();
  now += 30 * day - 1;
  expect(sessions.find(id)?.name).toBe('anna');
  now += 1;
  expect(sessions.find(id)).toBeNull();
});

test('one ends with its token, and with its user', async () => {
  const { id } = await open().begin('anna', hash);
  expect(open(user('anna', other, hash)).find(id)?.name).toBe('anna');
  expect(open(user('anna', other)).find(id)).toBeNull();
  expect(open(user('bob', hash)).find(id)).toBeNull();
});

test('one that was ended is over at once and after a restart; an id that nobody got is none', async () => {
  const sessions = open();
  const { id } = await sessions.begin('anna', hash);
  await sessions.end(id);
  for (const each of [sessions, open()]) expect(each.find(id)).toBeNull();
  expect(sessions.find('')).toBeNull();
  expect(sessions.find('__proto__')).toBeNull();
});

test('no more than a thousand are kept, the newest', async () => {
  const sessions = open();
  const ids = await Promise.all(Array.from({ length: 1003 }, async () => (await sessions.begin('anna', hash)).id));
  expect(ids.filter((id) => sessions.find(id) !== null)).toEqual(ids.slice(3));
  expect(Object.keys(JSON.parse(readFileSync(join(folder, 'sessions.json'), 'utf8')) as object)).toHaveLength(1000);
});

test('the file is for the server alone, and holds no id; a damaged one is no reason not to start', async () => {
  const { id } = await open().begin('anna', hash);
  const file = join(folder, 'sessions.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain(id);
  for (const damaged of ['{"half":', 'null', '3', '{"a":null,"b":{}}', '']) {
    writeFileSync(file, damaged);
    expect(open().find(id)).toBeNull();
  }
});
