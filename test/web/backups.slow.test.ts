/** Backups in the page: looked at, opened with a key that stays in the browser, and restored. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { generateIdentity } from '../../src/volume/age.ts';
import type { TestServer } from '../server/start-server.ts';
import { backedUp, type BackedUp } from './backed-up.ts';
import { browserProblem, openBrowser, visit, type Visit } from './browser.ts';
import { fine, giveKey, lookOver, openWith, restored } from './open-snapshot.ts';

const problem = browserProblem();
const MiB = 1024 * 1024;

describe.skipIf(problem)(`backups in the page${problem ? ` (skipped: ${problem})` : ''}`, () => {
  let browser: Browser;
  let server: TestServer;
  let backup: BackedUp;
  let identity: string;
  let seen: Visit;
  const large = randomBytes(9 * MiB);
  const changed = Buffer.concat([large.subarray(0, 5 * MiB), randomBytes(1000), large.subarray(5 * MiB)]);

  beforeAll(async () => {
    const pair = await generateIdentity('x25519');
    identity = pair.identity;
    backup = backedUp(`tar, compress, { encrypt: { to: [${pair.recipient}] } }`);
    backup.write({ 'docs/a.txt': 'first', 'docs/twin.txt': 'first', 'docs/large.bin': large, 'docs/sub/deep/ä ö #1?.txt': 'odd', 'docs/sub/%41&b.txt': 'percent', 'docs/empty': '' });
    writeFileSync(Buffer.concat([Buffer.from(`${backup.docs}/`), Buffer.from([0x66, 0xff, 0x67])]), 'no UTF-8');
    mkdirSync(Buffer.concat([Buffer.from(`${backup.docs}/`), Buffer.from([0x80])]));
    writeFileSync(Buffer.concat([Buffer.from(`${backup.docs}/`), Buffer.from([0x80]), Buffer.from('/inner.txt')]), 'inner');
    await backup.run();
    // Pieces, laid over a base; then a run that finds nothing new.
    backup.write({ 'docs/large.bin': changed, 'docs/a.txt': 'second' });
    await backup.run();
    await backup.run();
    [browser, server] = await Promise.all([openBrowser(), backup.serve()]);
  });
  afterEach(() => seen?.close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    backup?.remove();
  });

  test('on a phone and in the dark: nothing that axe finds serious, and nothing wider than the page', { timeout: 120_000 }, async () => {
    seen = await visit(browser, server, { colorScheme: 'dark', width: 360, at: '#/backups/' });
    const { page } = seen;
    const card = page.getByRole('region', { name: 'plan nas' });
    await card.waitFor();
    expect(await card.textContent()).toMatch(/Last run .*: done.*3 snapshots.*disk: .*never verified, no drill yet/s);
    expect(await page.getByRole('region', { name: 'store nas' }).textContent()).toContain('how it ended is not known here');
    expect(await lookOver(seen)).toEqual(fine);
    await card.getByRole('link', { name: 'nas' }).click();
    await page.getByRole('link', { name: /docs/ }).first().click();
    await openWith(page, { identity });
    expect(await lookOver(seen)).toEqual(fine);
    // The way is longer than the page is wide: its end is what is seen.
    expect(await page.evaluate<number>("(() => { const way = document.querySelector('.breadcrumbs ol'); return way.scrollWidth - way.clientWidth - way.scrollLeft; })()")).toBeLessThan(1);
    expect([seen.outside, seen.violations, seen.thrown]).toEqual([[], [], []]);
  });

  test('with the keyboard alone: into a folder and a file out of it, and days of the calendar', async () => {
    seen = await visit(browser, server, { at: '#/backups/plans/nas/', acceptDownloads: true });
    const { page } = seen;
    const today = page.getByRole('gridcell').and(page.locator('[tabindex="0"]'));
    await today.focus();
    expect(await today.getAttribute('aria-label')).toMatch(/: 3 runs, all done$/);
    await page.keyboard.press('ArrowLeft');
    expect(await page.evaluate('document.activeElement.ariaLabel')).toMatch(/: no run$/);
    await page.getByRole('link', { name: /docs/ }).first().press('Enter');
    await page.getByLabel('Identity', { exact: true }).fill(identity);
    await page.getByLabel('Identity', { exact: true }).press('Tab');
    await page.getByRole('button', { name: 'Open', exact: true }).press('Enter');
    await page.getByRole('row', { name: 'sub' }).press('Enter');
    await page.getByRole('row', { name: 'deep' }).press('ArrowDown');
    const download = page.waitForEvent('download');
    await page.keyboard.press('Enter');
    expect((await download).suggestedFilename()).toBe('%41&b.txt');
    await page.getByRole('row', { name: 'deep' }).press('Backspace');
    await page.getByRole('row', { name: 'large.bin' }).waitFor();
  });

  test('what comes out is what went in, whatever its name; by search, too; and only the ranges are fetched that it takes', async () => {
    seen = await visit(browser, server, { at: '#/backups/plans/nas/', acceptDownloads: true });
    const { page } = seen;
    let fetched = 0;
    seen.context.on('response', (response) => {
      if (response.url().includes('/objects/volumes/')) fetched += Number(response.headers()['content-length']);
    });
    await page.getByRole('link', { name: /docs/ }).first().click();
    await openWith(page, { identity });
    expect(await page.locator('.provenance').textContent()).toMatch(/8 files.*Signed by [0-9a-f]{16}, checked in this page\. Read from disk/);
    expect((await restored(page, 'twin.txt')).toString()).toBe('first');
    expect([fetched > 0, fetched < 2 * MiB]).toEqual([true, true]);
    // By its name as well as by the button beside it.
    const named = page.waitForEvent('download');
    await page.getByRole('row', { name: 'a.txt', exact: true }).getByText('a.txt', { exact: true }).click();
    expect(readFileSync(await (await named).path(), 'utf8')).toBe('second');
    expect(await restored(page, 'large.bin')).toEqual(changed);
    expect(await restored(page, 'empty')).toHaveLength(0);
    expect((await restored(page, 'f\ufffdg')).toString()).toBe('no UTF-8');
    await page.getByRole('link', { name: '\ufffd' }).click();
    expect((await restored(page, 'inner.txt')).toString()).toBe('inner');
    await page.getByLabel('Search in the snapshot').fill('#1 ä');
    await page.keyboard.press('Enter');
    expect((await restored(page, 'ä ö #1?.txt')).toString()).toBe('odd');
    expect(await page.getByRole('row').count()).toBe(1);
    expect([seen.outside, seen.violations, seen.thrown]).toEqual([[], [], []]);
  });

  test('the key leaves the page in no request, and is stored nowhere; and it can be forgotten', async () => {
    seen = await visit(browser, server, { at: '#/backups/stores/nas/' });
    const { page, context } = seen;
    const sent: string[] = [];
    context.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''} ${JSON.stringify(request.headers())}`));
    await page.getByRole('link', { name: /docs/ }).first().click();
    await openWith(page, { identity });
    const secret = identity.slice('AGE-SECRET-KEY-1'.length);
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.filter((text) => text.includes(secret) || text.includes('AGE-SECRET'))).toEqual([]);
    const kept = await page.evaluate(`(async () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, (await indexedDB.databases()), (await caches.keys()), history.state, location.href, document.documentElement.outerHTML]))()`);
    expect(kept).not.toContain(secret);
    expect(await page.evaluate('[...document.querySelectorAll("input, textarea")].map(({ value }) => value).join("")')).toBe('');
    await page.getByRole('button', { name: 'Forget the key' }).click();
    await page.getByRole('heading', { name: 'This snapshot is encrypted' }).waitFor();
  });

  test('another key, none, and what is none are told in words', async () => {
    seen = await visit(browser, server, { at: '#/backups/plans/nas/' });
    const { page } = seen;
    await page.getByRole('link', { name: /docs/ }).first().click();
    const form = page.locator('.key-form');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await form.getByText('No key was given.').waitFor();
    await page.getByLabel('Identity', { exact: true }).fill('AGE-SECRET-KEY-1NOTHING');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await form.getByText('Line 1 of the identity file is no identity.').waitFor();
    await page.getByLabel('Identity', { exact: true }).fill((await generateIdentity('x25519')).identity);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await form.getByText(/cannot be opened: none of the keys given fits\. Use/).waitFor();
    await openWith(page, { identity });
  });

  test('a changed byte in a volume, and a manifest that was cut off: nothing of it is given, and why', async () => {
    const [volume] = readdirSync(join(backup.stored, 'volumes')).map((name) => join(backup.stored, 'volumes', name));
    const bytes = readFileSync(volume!);
    const flipped = Buffer.from(bytes);
    flipped[Math.floor(bytes.length / 4)]! ^= 1;
    writeFileSync(volume!, flipped);
    const manifest = join(backup.stored, 'manifests', readdirSync(join(backup.stored, 'manifests')).sort()[0]!);
    const whole = readFileSync(manifest);
    try {
      seen = await visit(browser, server, { at: '#/backups/plans/nas/', acceptDownloads: true });
      const { page } = seen;
      await page.getByRole('link', { name: /docs/ }).first().click();
      await openWith(page, { identity });
      let downloads = 0;
      page.on('download', () => downloads++);
      await page.getByRole('button', { name: 'Restore large.bin' }).click();
      await page.locator('.restore.failed').getByText(/is damaged: piece \d+ of it was changed/).waitFor();
      expect(downloads).toBe(0);
      writeFileSync(manifest, whole.subarray(0, whole.length - 20));
      await page.reload();
      await giveKey(page, { identity });
      await page.getByRole('alert').getByText(/is damaged: its seek table is missing|was changed|is cut off/).waitFor();
    } finally {
      writeFileSync(volume!, bytes);
      writeFileSync(manifest, whole);
    }
  });
});
