/** docs/serve.md says what is so. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillTables, serveTables } from '../../scripts/plan-tables.ts';
import { readCertificate } from '../../src/server/certificate.ts';
import { statusCodes } from '../../src/server/errors.ts';
import { loadSettings } from '../../src/server/settings/load.ts';
import { missingPrograms } from '../e2e/judges.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/serve.md'), 'utf8');
const block = (language: string): string => new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)![1]!;

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'bat-page-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('its tables are up to date; `npm run schema` writes them', () => {
  expect(fillTables(page, serveTables())).toBe(page);
});

test('it has every code with its status, and no other', () => {
  expect([...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, status]) => [code, Number(status)])).toEqual(Object.entries(statusCodes));
});

test('its settings can be used as they are', async () => {
  const file = join(folder, 'serve.yaml');
  writeFileSync(file, block('yaml'));
  expect((await loadSettings(file, { XDG_STATE_HOME: folder })).users.map(({ name }) => name)).toEqual(['anna', 'phone']);
});

const missing = missingPrograms('openssl');
describe.skipIf(missing)(`its certificate${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('is made by its line, and can be used', () => {
    execFileSync('sh', ['-ec', block('sh')], { cwd: folder, stdio: 'pipe' });
    expect(readCertificate({ certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }).cert.toString()).toContain('BEGIN CERTIFICATE');
  });
});
