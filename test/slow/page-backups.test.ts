/** Backups of all kinds in the page, read in a real Chromium: what test/web/backups.slow.test.ts asks of one kind, and what takes longer. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { generateIdentity } from '../../src/volume/age.ts';
import { StoreBuilder } from '../actions/store-builder.ts';
import { startServer, type TestServer } from '../server/start-server.ts';
import { backedUp, type BackedUp } from '../web/backed-up.ts';
import { browserProblem, openBrowser, visit, type Visit } from '../web/browser.ts';
import { fine, giveKey, lookOver, openWith, restored, type Keys } from '../web/open-snapshot.ts';

const problem = browserProblem();
const MiB = 1024 * 1024;

describe.skipIf(problem)(`backups of all kinds in the page${problem ? ` (skipped: ${problem})` : ''}`, () => {
  let browser: Browser;
  let seen: Visit | undefined;
  let server: TestServer | undefined;
  let backup: BackedUp | undefined;
  beforeAll(async () => void (browser = await openBrowser()));
  afterAll(() => browser?.close());
  afterEach(async () => {
    await seen?.close();
    await server?.close();
    backup?.remove();
    seen = server = backup = undefined;
  });

  test.each([
    ['gzip, a post-quantum key', 'tar, { compress: { codec: gzip } }', 'pq'],
    ['zstd, a post-quantum key, no tar', 'compress', 'pq'],
    ['gzip, no tar', '{ compress: { codec: gzip } }', 'x25519'],
    ['no compression', 'tar', 'x25519'],
    ['gzip, plain', 'tar, { compress: { codec: gzip } }', null],
    ['no tar, plain, as it is', '', null],
    ['a passphrase', 'tar, compress', 'passphrase'],
  ] as const)('%s', { timeout: 180_000 }, async (_name, steps, kind) => {
    const pair = kind === 'pq' || kind === 'x25519' ? await generateIdentity(kind) : null;
    const keys: Keys = kind === 'passphrase' ? { passphrase: 'correct horse' } : { identity: pair?.identity ?? '' };
    const encrypt = kind === null ? '' : kind === 'passphrase' ? '{ encrypt: { passphrase: correct horse } }' : `{ encrypt: { to: [${pair!.recipient}] } }`;
    backup = backedUp([steps, encrypt].filter(Boolean).join(', '));
    const large = randomBytes(12 * MiB);
    const text = Buffer.from(Array.from({ length: 60_000 }, (_, line) => `line ${line} of a log\n`).join(''));
    const changed = Buffer.concat([large.subarray(0, 7 * MiB), randomBytes(500), large.subarray(7 * MiB)]);
    backup.write({ 'docs/large.bin': large, 'docs/log.txt': text, 'docs/twin.txt': text, 'docs/small.txt': 'small', 'docs/ö.txt': 'umlaut', 'docs/empty': '' });
    await backup.run();
    backup.write({ 'docs/large.bin': changed, 'docs/small.txt': 'other' });
    await backup.run();
    await backup.run();
    server = await backup.serve();
    seen = await visit(browser, server, { at: '#/backups/plans/nas/', acceptDownloads: true });
    const { page } = seen;
    await page.getByRole('link', { name: /docs/ }).first().click();
    if (kind === 'passphrase') {
      await giveKey(page, { passphrase: 'wrong horse' });
      await page.locator('.key-form').getByText(/the passphrase is wrong/).waitFor({ timeout: 60_000 });
      await giveKey(page, keys);
      await page.getByRole('grid', { name: 'Entries of the folder' }).waitFor({ timeout: 60_000 });
    } else if (kind === null) await page.getByRole('grid', { name: 'Entries of the folder' }).waitFor();
    else await openWith(page, keys);
    expect(await restored(page, 'large.bin')).toEqual(changed);
    expect(await restored(page, 'log.txt')).toEqual(text);
    expect(await restored(page, 'twin.txt')).toEqual(text);
    expect((await restored(page, 'small.txt')).toString()).toBe('other');
    expect((await restored(page, 'ö.txt')).toString()).toBe('umlaut');
    expect(await restored(page, 'empty')).toHaveLength(0);
    expect([seen.outside, seen.violations, seen.thrown]).toEqual([[], [], []]);
  });

  test('a page that came without TLS from another machine has no WebCrypto, and opens all the same', { timeout: 120_000 }, async () => {
    const pair = await generateIdentity('x25519');
    backup = backedUp(`tar, compress, { encrypt: { to: [${pair.recipient}] } }`);
    backup.write({ 'docs/a.txt': 'first' });
    await backup.run();
    server = await backup.serve();
    const elsewhere = await openBrowser(['--host-resolver-rules=MAP nas.test 127.0.0.1']);
    try {
      const named = { ...server, url: server.url.replace('127.0.0.1', 'nas.test'), fetch: server.fetch };
      seen = await visit(elsewhere, named, { at: '#/backups/plans/nas/', acceptDownloads: true });
      const { page } = seen;
      expect(await page.evaluate('[isSecureContext, typeof crypto.subtle]')).toEqual([false, 'undefined']);
      await page.getByRole('link', { name: /docs/ }).first().click();
      await openWith(page, pair);
      expect((await restored(page, 'a.txt')).toString()).toBe('first');
      await seen.close();
      seen = undefined;
    } finally {
      await elsewhere.close();
    }
  });

  test('a large file goes straight to the place that is chosen; what is cancelled or damaged leaves nothing there', { timeout: 180_000 }, async () => {
    backup = backedUp('tar');
    const large = randomBytes(70 * MiB);
    backup.write({ 'docs/large.bin': large });
    await backup.run();
    server = await backup.serve();
    seen = await visit(browser, server, { at: '#/backups/plans/nas/' });
    const { page } = seen;
    // A file of the browser's own in place of one that a person would choose.
    await page.evaluate(`globalThis.showSaveFilePicker = async ({ suggestedName }) => (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })`);
    const chosen = `(async () => (await (await (await navigator.storage.getDirectory()).getFileHandle('large.bin')).getFile()))()`;
    await page.getByRole('link', { name: /docs/ }).first().click();
    await page.getByRole('button', { name: 'Restore large.bin' }).click();
    await page.locator('.restore.running').waitFor();
    await page.getByRole('button', { name: 'Cancel large.bin' }).click();
    await page.locator('.restore.cancelled').waitFor();
    expect(await page.evaluate(`${chosen}.then(({ size }) => size)`)).toBe(0);
    await page.getByRole('button', { name: 'Restore large.bin' }).click();
    await page.locator('.restore.restored').waitFor({ timeout: 120_000 });
    const hash = `${chosen}.then(async (file) => Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())), (byte) => byte.toString(16).padStart(2, '0')).join(''))`;
    expect(await page.evaluate(hash)).toBe(createHash('sha256').update(large).digest('hex'));
    const [volume] = readdirSync(join(backup.stored, 'volumes'));
    writeFileSync(join(backup.stored, 'volumes', volume!), Buffer.alloc(71 * MiB));
    await page.getByRole('button', { name: 'Restore large.bin' }).click();
    await page.locator('.restore.failed').getByText(/is damaged/).waitFor();
    expect(await page.evaluate(hash), 'what was there stays').toBe(createHash('sha256').update(large).digest('hex'));
  });

  test('a folder of 100,000 entries is listed, searched and gone through with the keyboard', { timeout: 180_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bat-many-'));
    try {
      const pair = await generateIdentity('x25519');
      mkdirSync(join(folder, 'many/manifests'), { recursive: true });
      const store = new StoreBuilder(join(folder, 'many'), { recipients: [pair.recipient] });
      const id = await store.snapshot([{ path: 'all' }, ...Array.from({ length: 100_000 }, (_, index) => ({ path: `all/photo ${index}.jpg`, content: 'the same' }))]);
      server = await startServer({ settings: { stores: folder } });
      seen = await visit(browser, server, { at: `#/backups/stores/many/${id}/all/`, acceptDownloads: true });
      const { page } = seen;
      await openWith(page, pair, 60_000);
      expect(await page.locator('.count').textContent()).toBe('100,000 entries');
      await page.getByRole('row', { name: 'photo 0.jpg' }).focus();
      await page.keyboard.press('End');
      await page.getByRole('row', { name: 'photo 99999.jpg' }).waitFor();
      await expect.poll(() => page.evaluate('document.activeElement.ariaLabel')).toBe('photo 99999.jpg');
      expect(await page.getByRole('row').count()).toBeLessThan(60);
      expect((await restored(page, 'photo 99999.jpg')).toString()).toBe('the same');
      await page.getByLabel('Search in the snapshot').fill('photo 4242');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.locator('.count').textContent()).toBe('20 entries');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test.each([['light', 1280], ['light', 360], ['dark', 1280], ['dark', 360]] as const)('%s, %i pixels wide: axe finds nothing serious', { timeout: 120_000 }, async (colorScheme, width) => {
    const pair = await generateIdentity('x25519');
    backup = backedUp(`tar, compress, { encrypt: { to: [${pair.recipient}] } }`);
    backup.write({ 'docs/a.txt': 'first', 'docs/sub/b.txt': 'second' });
    await backup.run();
    server = await backup.serve();
    seen = await visit(browser, server, { colorScheme, width, at: '#/backups/', acceptDownloads: true });
    const { page } = seen;
    await page.getByRole('region', { name: 'plan nas' }).waitFor();
    expect(await lookOver(seen)).toEqual(fine);
    await page.getByRole('region', { name: 'plan nas' }).getByRole('link', { name: 'nas' }).click();
    await page.getByRole('link', { name: /docs/ }).first().waitFor();
    expect(await lookOver(seen)).toEqual(fine);
    await page.getByRole('link', { name: /docs/ }).first().click();
    await page.getByRole('heading', { name: 'This snapshot is encrypted' }).waitFor();
    expect(await lookOver(seen)).toEqual(fine);
    await openWith(page, pair);
    await restored(page, 'a.txt');
    expect(await lookOver(seen)).toEqual(fine);
  });
});
