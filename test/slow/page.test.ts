import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { startServer, type TestServer } from '../server/start-server.ts';
import { browserProblem, openBrowser, visit, type Visit } from '../web/browser.ts';
import { lookAtAll } from '../web/look-at-all.ts';

const problem = browserProblem();

describe.skipIf(problem)(`the page, at length${problem ? ` (skipped: ${problem})` : ''}`, () => {
  let browser: Browser;
  let server: TestServer;
  let seen: Visit;
  let page: Page;
  /** All of the server, which outlives it; and files of a person's own machine in it. */
  let folder: string;
  let own: string;
  let client: CDPSession;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bat-page-'));
    server = await startServer({ users: null, folder });
    own = join(folder, 'own');
    mkdirSync(own);
    seen = await visit(browser, server, { as: null, at: '#/files/photos/' });
    page = seen.page;
    page.on('dialog', (dialog) => void dialog.accept());
    client = await page.context().newCDPSession(page);
    await page.getByText('This folder is empty').waitFor();
  });
  afterEach(async () => {
    const { outside, violations, thrown } = seen;
    await seen.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
    expect([outside, violations, thrown]).toEqual([[], [], []]);
  });

  const uploads = () => page.getByRole('region', { name: 'Uploads' });
  const over = (): Promise<void> => uploads().getByRole('heading', { name: 'All is there' }).waitFor({ timeout: 300_000 });
  /** Bytes a second; -1: as fast as it goes. */
  const slow = (uploadThroughput: number) => client.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
  const sent = async (): Promise<number> => Number((await page.getByRole('progressbar', { name: /^Sent of/ }).getAttribute('value').catch(() => null)) ?? 0);
  const sentMoreThan = (bytes: number) => expect.poll(sent, { timeout: 60_000, interval: 50 }).toBeGreaterThan(bytes);
  function large(name: string, megabytes: number): { file: string; hash: string } {
    const bytes = randomBytes(megabytes * 2 ** 20);
    writeFileSync(join(own, name), bytes);
    return { file: join(own, name), hash: createHash('sha256').update(bytes).digest('hex') };
  }
  const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
  /** Bytes that came in the bodies of requests, by what the browser says. */
  function countBodies(): { bytes: number } {
    const counted = { bytes: 0 };
    page.on('request', (request) => {
      if (request.method() === 'PATCH') void request.headerValue('content-length').then((length) => (counted.bytes += Number(length ?? 0)));
    });
    return counted;
  }

  test('the page is reloaded in the middle: the same file, dropped again, goes on', async () => {
    const { file, hash } = large('film.bin', 24);
    await slow(4 * 2 ** 20);
    await seen.drop([file], 'main');
    await sentMoreThan(6 * 2 ** 20);
    await page.reload();
    await page.getByText('This folder is empty').waitFor();
    client = await page.context().newCDPSession(page);
    await slow(-1);
    const offsets: number[] = [];
    page.on('request', (request) => {
      const offset = request.headers()['upload-offset'];
      if (request.method() === 'PATCH') offsets.push(Number(offset));
    });
    await seen.drop([file], 'main');
    await over();
    expect(hashOf(join(server.photos, 'film.bin'))).toBe(hash);
    expect(offsets).toHaveLength(1);
    expect(offsets[0]).toBeGreaterThan(2 ** 20);
    expect(await page.evaluate('JSON.stringify(localStorage)')).toBe('{}');
  });

  test('the server goes away in the middle and comes back: it goes on by itself', async () => {
    const { file, hash } = large('film.bin', 24);
    await slow(4 * 2 ** 20);
    await seen.drop([file], 'main');
    await sentMoreThan(4 * 2 ** 20);
    await server.close();
    await uploads().getByRole('heading', { name: 'The server does not answer' }).waitFor({ timeout: 60_000 });
    server = await startServer({ users: null, folder, settings: { listen: `127.0.0.1:${server.port}` } });
    await slow(-1);
    await over();
    expect(hashOf(join(server.photos, 'film.bin'))).toBe(hash);
  });

  test('pause holds what is sent, and going on goes on; cancel leaves nothing', async () => {
    const { file, hash } = large('film.bin', 24);
    const counted = countBodies();
    await slow(4 * 2 ** 20);
    await seen.drop([file], 'main');
    await sentMoreThan(4 * 2 ** 20);
    await uploads().getByRole('button', { name: 'Pause' }).click();
    await uploads().getByRole('heading', { name: 'Paused' }).waitFor();
    await slow(-1);
    await uploads().getByRole('button', { name: 'Go on' }).click();
    await over();
    expect(hashOf(join(server.photos, 'film.bin'))).toBe(hash);
    expect(counted.bytes).toBeLessThan(44 * 2 ** 20);

    const other = large('other.bin', 24);
    await slow(4 * 2 ** 20);
    await seen.drop([other.file], 'main');
    await sentMoreThan(2 * 2 ** 20);
    await uploads().getByRole('button', { name: 'Cancel other.bin' }).click();
    await uploads().getByText('cancelled', { exact: true }).waitFor();
    await slow(-1);
    expect(existsSync(join(server.photos, 'other.bin'))).toBe(false);
    await expect.poll(() => readdirSync(join(server.photos, '.bat-uploads')).filter((name) => /^tus-[0-9a-f]{32}$/.test(name)), { timeout: 30_000 }).toEqual([]);
  });

  test('a file that is changed while it is sent is not kept as if it were whole', async () => {
    const { file } = large('film.bin', 24);
    await slow(4 * 2 ** 20);
    await seen.drop([file], 'main');
    await sentMoreThan(2 * 2 ** 20);
    writeFileSync(file, randomBytes(24 * 2 ** 20));
    await slow(-1);
    await uploads().getByRole('heading', { name: '1 file could not be added' }).waitFor({ timeout: 120_000 });
    expect(existsSync(join(server.photos, 'film.bin'))).toBe(false);
  });

  test('a file of 3 GB in pieces takes the page no memory to speak of', async () => {
    const file = join(own, 'film.bin');
    const handle = openSync(file, 'w');
    writeSync(handle, 'the beginning');
    ftruncateSync(handle, 3e9);
    closeSync(handle);
    await client.send('Performance.enable');
    const heap = async (): Promise<number> => (await client.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'JSHeapUsedSize')!.value;
    await seen.drop([file], 'main');
    const seenHeaps: number[] = [];
    await expect.poll(async () => (seenHeaps.push(await heap()), uploads().getByText('All is there').isVisible()), { timeout: 600_000, interval: 500 }).toBe(true);
    expect(Math.max(...seenHeaps)).toBeLessThan(100 * 2 ** 20);
    expect(statSync(join(server.photos, 'film.bin')).size).toBe(3e9);
  });

  test('2,000 files in folders; dropped again, none of them is sent', async () => {
    for (let folder = 0; folder < 20; folder++) {
      mkdirSync(join(own, 'tree', `${folder}`), { recursive: true });
      for (let file = 0; file < 100; file++) writeFileSync(join(own, 'tree', `${folder}`, `${file}.txt`), `${folder} ${file}`);
    }
    await seen.drop([join(own, 'tree')], 'main');
    await over();
    expect(await uploads().getByRole('listitem').count()).toBeLessThan(40);
    const before = seen.asked.filter((request) => request === 'POST /uploads').length;
    expect(before).toBe(2000);
    await uploads().getByRole('button', { name: 'Close' }).click();
    await seen.drop([join(own, 'tree')], 'main');
    await over();
    await uploads().getByText('2,000 files there before').waitFor();
    expect(seen.asked.filter((request) => request === 'POST /uploads')).toHaveLength(before);
  });

  test('a folder of 50,000 files: few lines in the page, the last one is a key away', async () => {
    mkdirSync(join(server.photos, 'many'));
    for (let file = 0; file < 50_000; file++) writeFileSync(join(server.photos, 'many', `${file}.txt`), '');
    await page.goto(`${server.url}/#/files/photos/many/`);
    await page.getByText('50,000 entries').waitFor({ timeout: 60_000 });
    expect(await page.getByRole('row').count()).toBeLessThan(60);
    await page.getByRole('row').first().focus();
    await page.keyboard.press('End');
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('49999.txt');
    await page.keyboard.press('Home');
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('0.txt');
    await page.getByLabel('Order').selectOption('Name, backwards');
    await page.getByRole('row', { name: '49999.txt', exact: true }).waitFor();
  });

  test.each([
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'light', width: 360 },
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 1280 },
  ] as const)('$colorScheme, $width pixels: axe finds nothing serious in any view', async (look) => {
    await seen.close();
    await server.close();
    server = await startServer();
    seen = await lookAtAll(browser, server, look);
  });
});
