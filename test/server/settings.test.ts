/** serve.yaml: what it may say, what it comes to, and every mistake with its line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlanError } from '../../src/plan/plan-error.ts';
import { propertiesOf, type Schema } from '../../src/plan/schema-walk.ts';
import { loadSettings } from '../../src/server/settings/load.ts';
import { serveSchemaText } from '../../src/server/settings/schema.ts';

const committed = readFileSync(join(import.meta.dirname, '../../schema/serve.schema.json'), 'utf8');
const hash = (digit: string): string => `sha256:${digit.repeat(64)}`;
const environment = { XDG_STATE_HOME: '/state' };

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'bat-serve-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function load(text: string, variables: Record<string, string> = {}): Promise<Awaited<ReturnType<typeof loadSettings>>> {
  const file = join(folder, 'serve.yaml');
  writeFileSync(file, text);
  return loadSettings(file, { ...environment, ...variables });
}

async function mistakes(text: string): Promise<string[]> {
  try {
    await load(text);
    return [];
  } catch (error) {
    return (error as PlanError).mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
}

const whole = `version: 1
listen: "[::]:8443"
tls: { certificate: cert.pem, key: /etc/key.pem }
library:
  photos: { path: photos, quota: 500GiB }
  documents: /srv/documents
stores: { path: ~/stores, quota: 2TiB }
plans: [plans/nas.yaml]
users:
  anna: { token: "${hash('a')}", rights: [read, add, delete] }
  camera: { token: ["${hash('b')}", "${hash('c')}"], rights: [add], library: [photos], stores: [], quota: 100GiB }
limits: { upload: 1GiB, connections: 50, idle: 30s, keep-free: 0 }
state: state
sync: 10min
`;

test('what it comes to', async () => {
  const settings = await load(whole);
  expect(settings).toMatchObject({
    listen: { host: '::', port: 8443 },
    tls: { certificate: join(folder, 'cert.pem'), key: '/etc/key.pem' },
    library: [{ id: 'photos', path: join(folder, 'photos'), quota: 500 * 2 ** 30 }, { id: 'documents', path: '/srv/documents', quota: null }],
    plans: [join(folder, 'plans/nas.yaml')],
    limits: { upload: 2 ** 30, connections: 50, idle: 30_000, keepFree: 0 },
    state: join(folder, 'state'),
    sync: 600_000,
  });
  expect(settings.stores).toMatchObject({ quota: 2 * 2 ** 40 });
  const [anna, camera] = settings.users;
  expect(anna).toEqual({ name: 'anna', tokens: [Buffer.alloc(32, 0xaa)], rights: new Set(['read', 'add', 'delete']), library: null, stores: null, quota: null });
  expect(camera).toEqual({ name: 'camera', tokens: [Buffer.alloc(32, 0xbb), Buffer.alloc(32, 0xcc)], rights: new Set(['add']), library: new Set(['photos']), stores: new Set(), quota: 100 * 2 ** 30 });
});

test('what is not said', async () => {
  expect(await load('version: 1\nlibrary: { photos: p }\n')).toMatchObject({
    listen: { host: '127.0.0.1', port: 7878 },
    tls: null,
    stores: null,
    users: [],
    limits: { upload: 50 * 2 ** 30, connections: 200, idle: 60_000, keepFree: 2 ** 30 },
    state: expect.stringMatching(/^\/state\/bat\/serve-[0-9a-f]{12}$/) as string,
    sync: 3_600_000,
  });
});

test('variables are put in, from the environment and from a .env', async () => {
  expect(await load('version: 1\nlibrary: { photos: "${PHOTOS}" }\nlisten: "127.0.0.1:${PORT:-99}"\n', { PHOTOS: '/p' })).toMatchObject({ library: [{ path: '/p' }], listen: { port: 99 } });
  expect(await mistakes('version: 1\nlibrary: { photos: "${PHOTOS}" }\n')).toEqual(['2:21 The variable PHOTOS is not set.']);
});

const base = 'version: 1\nlibrary: { photos: /p }\n';
const user = (rest: string): string => `${base}users:\n  anna: { token: "${hash('a')}", rights: [read]${rest} }\n`;

test.each([
  ['nothing', '', ['1:1 The file is empty.']],
  ['a text', 'hello', ['1:1 The settings are "hello".']],
  ['nothing to serve', 'version: 1\n', ['1:1 There is nothing to serve.']],
  ['another version', 'version: 2\nstores: /s\n', ['1:10 "version" is 2.']],
  ['a word that is near', `${base}lisen: 127.0.0.1:1\n`, ['3:1 "lisen" is no option of the settings.']],
  ['all at once', 'version: 1\nlibrary: { "a b": /p, c: { pth: /x } }\nsync: often\n', ['2:12 "a b" cannot be a name here.', '2:28 "pth" is no option of the folder c.', '3:7 "sync" is "often".']],
  ['no address', `${base}listen: 7878\n`, ['3:9 "listen" is 7878.']],
  ['a port that is none', `${base}listen: 127.0.0.1:70000\n`, ['3:9 "127.0.0.1:70000" has no port that there is.']],
  ['an open door', `${base}listen: 0.0.0.0:7878\n`, ['3:9 Other machines could reach "0.0.0.0:7878", and there are no users: everybody could read, change and delete everything.']],
  ['an open door by a name', `${base}listen: nas.local:7878\n`, ['3:9 Other machines could reach "nas.local:7878", and there are no users: everybody could read, change and delete everything.']],
  ['users that are empty', `${base}users: {}\nlisten: "[::]:7878"\n`, ['3:8 "users" is empty.']],
  ['a key without a certificate', `${base}tls: { key: k }\n`, ['3:6 "tls" has no "certificate".']],
  ['a token in the clear', `${base}users: { anna: { token: bat_abc, rights: [read] } }\n`, ['3:25 "token" is not right.']],
  ['a right that there is not', user('').replace('[read]', '[write]'), ['4:102 Item 1 of "rights" is "write".']],
  ['no rights', `${base}users: { anna: { token: "${hash('a')}" } }\n`, ['3:16 The user anna has no "rights".']],
  ['a folder that there is not', user(', library: [fotos]'), ['4:119 There is no folder "fotos" in the library.']],
  ['one token for two', `${user('')}  bob: { token: "${hash('a')}", rights: [add] }\n`, ['5:17 The user anna has the same token.']],
  ['a folder within another', 'version: 1\nlibrary: { photos: /srv/photos, best: /srv/photos/best }\n', ['2:39 The place of the folder best lies within that of the folder photos.']],
  ['the same place twice', 'version: 1\nlibrary: { photos: /srv/photos }\nstores: /srv/photos/\n', ['3:9 The place of the stores lies within that of the folder photos.']],
  ['the state among the photos', `${base}state: /p/state\n`, ['3:8 The place of the state lies within that of the folder photos.']],
])('%s', async (_name, text, found) => {
  expect(await mistakes(text)).toEqual(found);
});

test('the state that nobody names is kept apart, too', async () => {
  expect(await mistakes('version: 1\nlibrary: { all: /state }\n')).toEqual(['1:1 The place of the state lies within that of the folder all.']);
});

test('a hash is shown in no mistake', async () => {
  await expect(load(`${base}users: { anna: { token: "${hash('a')}" } }\n`)).rejects.toSatisfy((error: PlanError) => !JSON.stringify(error.mistakes).includes('aaaaaaaa'));
});

test('a file that is not there', async () => {
  await expect(loadSettings(join(folder, 'none.yaml'), {})).rejects.toMatchObject({ code: 'PLAN_NOT_FOUND', message: expect.stringContaining('no such file or folder') as string });
});

describe('the schema for editors', () => {
  const schema = JSON.parse(committed) as Schema;

  test('is up to date; `npm run schema` writes it', () => expect(committed).toBe(serveSchemaText()));

  test('is valid, takes what bat takes, and refuses what is wrong by itself', () => {
    const ajv = new Ajv2020({ strict: false });
    expect(ajv.validateSchema(schema)).toBe(true);
    const validate = ajv.compile(schema);
    for (const right of [whole, base, `${base}listen: "\${LISTEN}"\nlimits: { connections: "\${MANY}" }\n`]) expect(validate(parse(right)), JSON.stringify(validate.errors)).toBe(true);
    for (const wrong of [`${base}lisen: x\n`, `${base}listen: 7878\n`, user('').replace('[read]', '[write]'), 'version: 1\nlibrary: { "a b": /p }\n', `${base}tls: { key: k }\n`]) expect(validate(parse(wrong)), wrong).toBe(false);
  });

  test('explains every option and shows an example that is right', () => {
    const lacking: string[] = [];
    const look = (part: Schema, path: string): void => {
      for (const [key, option] of Object.entries(propertiesOf(part))) {
        const place = `${path}.${key}`;
        if (typeof option['description'] !== 'string') lacking.push(`${place}: description`);
        const examples = (option['examples'] ?? []) as unknown[];
        if (examples.length === 0) lacking.push(`${place}: examples`);
        const validate = new Ajv2020({ strict: false }).compile({ ...option, $defs: schema['$defs'] });
        for (const example of examples) if (!validate(example)) lacking.push(`${place}: ${JSON.stringify(example)} is wrong`);
        for (const each of [option, ...((option['anyOf'] ?? []) as Schema[])]) look(each, place);
      }
    };
    look(schema, 'serve');
    for (const [name, part] of Object.entries(schema['$defs'] as Record<string, Schema>)) for (const each of [part, ...((part['anyOf'] ?? []) as Schema[])]) look(each, name);
    expect(lacking).toEqual([]);
  });
});
