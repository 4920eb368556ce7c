import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { startServer, type TestServer } from '../server/start-server.ts';
import { browserProblem, openBrowser, visit, type Visit, type VisitOptions } from './browser.ts';
import { lookAtAll } from './look-at-all.ts';

const problem = browserProblem();

describe.skipIf(problem)(`the page${problem ? ` (skipped: ${problem})` : ''}`, () => {
  let browser: Browser;
  let server: TestServer;
  let seen: Visit;
  let page: Page;
  /** Files of a person's own machine. */
  let own: string;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    server = await startServer();
    own = join(server.folder, 'own');
    mkdirSync(own);
  });
  afterEach(async () => {
    const { outside = [], violations = [], thrown = [] } = seen ?? {};
    await seen?.close();
    await server.close();
    expect([outside, violations, thrown]).toEqual([[], [], []]);
  });

  async function open(at: string, options: VisitOptions = {}): Promise<void> {
    seen = await visit(browser, server, { at, ...options });
    page = seen.page;
  }
  function put(folder: string, files: Record<string, string>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  }
  const line = (name: string) => page.getByRole('row', { name, exact: true });
  const said = (text: RegExp | string) => page.locator('.notices').getByText(text).waitFor();
  const uploads = () => page.getByRole('region', { name: 'Uploads' });
  const choose = async (name: string, what: string): Promise<void> => {
    await page.getByRole('button', { name: `What to do with ${name}`, exact: true }).click();
    await page.getByRole('menuitem', { name: what }).click();
  };

  test('signing in with a token, and out again', async () => {
    await open('', { as: null });
    await page.getByLabel('Token').fill(`bat_${'A'.repeat(43)}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => page.locator('#token-problem').textContent()).not.toBe('');
    await page.getByLabel('Token').fill(server.tokens['anna']!);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'photos' }).waitFor();
    expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie')).toBe('{}');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('a session that the server has ended is told, and after signing in one is where one was', async () => {
    put(server.photos, { 'a.jpg': 'a' });
    await open('#/files/photos/');
    await line('a.jpg').waitFor();
    await seen.context.clearCookies();
    await page.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Look through again' }).click();
    await page.getByText('The server has ended the session.').waitFor();
    await page.getByLabel('Token').fill(server.tokens['anna']!);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await line('a.jpg').waitFor();
  });

  test('files and folders dragged in are there; what is known is not sent', async () => {
    put(server.photos, { 'old.jpg': 'known' });
    put(own, { 'new.jpg': 'known', 'b.txt': 'b', 'trip/day 1/c ö.txt': 'c', 'trip/d.txt': 'd' });
    mkdirSync(join(own, 'trip/empty'));
    await server.fetch('/sync', { method: 'POST' });
    await open('#/files/photos/');
    await line('old.jpg').waitFor();
    await seen.drop([join(own, 'new.jpg'), join(own, 'b.txt'), join(own, 'trip')], 'main');
    await uploads().getByText('All is there').waitFor();
    await uploads().getByText('3 files sent · 1 file there before').waitFor();
    await uploads().getByText('there already: photos/old.jpg').waitFor();
    expect(seen.asked.filter((request) => request === 'POST /uploads')).toHaveLength(3);
    expect(readdirSync(server.photos).filter((name) => !name.startsWith('.')).sort()).toEqual(['b.txt', 'old.jpg', 'trip']);
    expect(readFileSync(join(server.photos, 'trip/day 1/c ö.txt'), 'utf8')).toBe('c');
    await expect.poll(() => existsSync(join(server.photos, 'trip/empty'))).toBe(true);
    await line('trip').waitFor();
  });

  test('the same content twice in one drop is sent once', async () => {
    put(own, { 'a.bin': 'x'.repeat(100_000), 'b.bin': 'x'.repeat(100_000) });
    await open('#/files/photos/');
    await page.getByText('This folder is empty').waitFor();
    await seen.drop([join(own, 'a.bin'), join(own, 'b.bin')], 'main');
    await uploads().getByText('1 file sent · 1 file there before').waitFor();
    expect(seen.asked.filter((request) => request === 'POST /uploads')).toHaveLength(1);
  });

  test('progress is seen, and heard; what the server does not confirm does not count as kept', async () => {
    put(own, { 'film.bin': 'x'.repeat(3 * 2 ** 20) });
    await open('#/files/photos/');
    await page.getByText('This folder is empty').waitFor();
    const client = await seen.context.newCDPSession(page);
    await client.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 2 ** 21 });
    // As if something in between answered.
    await page.route('**/uploads/*', async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      delete headers['bat-sha256'];
      await route.fulfill({ response, headers });
    });
    await seen.drop([join(own, 'film.bin')], 'main');
    await uploads().getByRole('heading', { name: 'Adding 1 file' }).waitFor();
    await uploads().getByText(/1 file to go, \d+ percent done/).waitFor({ state: 'attached' });
    await uploads().getByRole('heading', { name: '1 file could not be added' }).waitFor();
    await uploads().getByText('The server did not confirm').waitFor();
    await page.unrouteAll();
    await uploads().getByRole('button', { name: 'Try film.bin again' }).click();
    await uploads().getByText('there already: photos/film.bin').waitFor();
  });

  test('chosen by the button; another content under a name that is taken gets a number, and the page says so', async () => {
    put(server.photos, { 'a.txt': 'one' });
    put(own, { 'a.txt': 'two' });
    await open('#/files/photos/');
    await page.locator('input[data-chooses=files]').first().setInputFiles(join(own, 'a.txt'));
    await uploads().getByText('added as photos/a (2).txt').waitFor();
    expect([readFileSync(join(server.photos, 'a.txt'), 'utf8'), readFileSync(join(server.photos, 'a (2).txt'), 'utf8')]).toEqual(['one', 'two']);
  });

  test('a file that comes while the server is away can be tried again', async () => {
    put(own, { 'a.txt': 'one' });
    await open('#/files/photos/');
    await page.getByRole('button', { name: 'Upload', exact: true }).first().waitFor();
    await page.route('**/assets/*worker*', (route) => route.abort());
    await page.locator('input[data-chooses=files]').first().setInputFiles(join(own, 'a.txt'));
    await uploads().getByText('could not be started').waitFor();
    await page.unroute('**/assets/*worker*');
    await uploads().getByRole('button', { name: 'Try a.txt again' }).click();
    await uploads().getByText('All is there').waitFor();
  });

  test('how much is in each folder of the library, and how much may come', async () => {
    await server.close();
    server = await startServer({ settings: { library: { photos: { path: 'photos', quota: '1MiB' }, documents: 'documents' } } });
    put(server.photos, { 'a.txt': 'one', 'b/c.txt': 'two' });
    await server.fetch('/sync', { method: 'POST' });
    await open('#/files/');
    await page.getByText('2 files, 6 B of 1.0 MiB').waitFor();
    await page.getByText('0 files, 0 B', { exact: true }).waitFor();
  });

  test('search, rename, move, download, delete', async () => {
    put(server.photos, { '2024/beach.jpg': 'sand', '2024/forest.jpg': 'wood', '2023/house.jpg': 'stone' });
    await server.fetch('/sync', { method: 'POST' });
    await open('#/files/photos/', { acceptDownloads: true });
    await page.getByRole('searchbox').fill('BEA');
    await line('beach.jpg').waitFor();
    expect(await page.getByRole('row').count()).toBe(1);

    await choose('beach.jpg', 'Show in its folder');
    await line('forest.jpg').waitFor();
    await choose('beach.jpg', 'Rename');
    await page.getByLabel('New name of beach.jpg').fill('sea.jpg');
    await page.keyboard.press('Enter');
    await line('sea.jpg').waitFor();
    expect(existsSync(join(server.photos, '2024/sea.jpg'))).toBe(true);

    await choose('sea.jpg', 'Rename');
    await page.getByLabel('New name of sea.jpg').fill('forest.jpg');
    await page.keyboard.press('Enter');
    await page.locator('.notice.bad').waitFor();
    await page.keyboard.press('Escape');
    expect(readFileSync(join(server.photos, '2024/forest.jpg'), 'utf8')).toBe('wood');
    // What was refused here is not held up elsewhere.
    await page.getByRole('link', { name: 'photos' }).click();
    await line('2024').waitFor();
    expect(await page.locator('.notice.bad').count()).toBe(0);
    await page.getByRole('link', { name: '2024' }).click();
    await line('sea.jpg').waitFor();

    await choose('sea.jpg', 'Move');
    await page.getByRole('button', { name: 'One folder up' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '2023' }).click();
    await page.getByRole('button', { name: 'Move here' }).click();
    await said('"sea.jpg" moved to "photos/2023".');
    expect(readFileSync(join(server.photos, '2023/sea.jpg'), 'utf8')).toBe('sand');

    await page.getByRole('button', { name: 'What to do with forest.jpg', exact: true }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Download' }).click()]);
    expect([download.suggestedFilename(), readFileSync(await download.path(), 'utf8')]).toEqual(['forest.jpg', 'wood']);

    await choose('forest.jpg', 'Delete');
    await page.getByRole('button', { name: 'Keep' }).click();
    expect(existsSync(join(server.photos, '2024/forest.jpg'))).toBe(true);
    await choose('forest.jpg', 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('This folder is empty').waitFor();
    expect(existsSync(join(server.photos, '2024/forest.jpg'))).toBe(false);
  });

  test('a line dragged onto a folder goes there', async () => {
    put(server.photos, { 'box/x.txt': 'x', 'a.txt': 'a', 'b.txt': 'b' });
    await open('#/files/photos/');
    await page.getByLabel('Choose a.txt').check();
    await page.getByLabel('Choose b.txt').check();
    await line('a.txt').dragTo(line('box'));
    await said('2 files moved to "photos/box".');
    expect(readdirSync(join(server.photos, 'box')).sort()).toEqual(['a.txt', 'b.txt', 'x.txt']);
  });

  test('photos without a small picture of their own are drawn, each its own, also when others come before them', async () => {
    await open('#/files/photos/');
    const photo = async (colour: string, width = 40, height = 30): Promise<Buffer> => Buffer.from((await page.evaluate(`(() => { const canvas = document.createElement('canvas'); canvas.width = ${width}; canvas.height = ${height}; const context = canvas.getContext('2d'); context.fillStyle = '${colour}'; context.fillRect(0, 0, ${width}, ${height}); return canvas.toDataURL('image/png').split(',')[1]; })()`)) as string, 'base64');
    writeFileSync(join(server.photos, 'b.png'), await photo('rgb(200, 0, 0)'));
    writeFileSync(join(server.photos, 'c.png'), await photo('rgb(0, 200, 0)', 300, 900));
    put(own, { 'a/x.txt': 'x' });
    await page.goto(`${server.url}/#/files/documents/`);
    await page.goto(`${server.url}/#/files/photos/`);
    await page.getByRole('button', { name: 'Photos', exact: true }).click();
    const colours = async (): Promise<unknown> =>
      page.evaluate(`Promise.all([...document.querySelectorAll('.tile')].map(async (tile) => { const image = tile.querySelector('img'); if (!image) return tile.textContent; await image.decode(); const canvas = new OffscreenCanvas(1, 1); const context = canvas.getContext('2d'); context.drawImage(image, 0, 0, 1, 1); const [red, green] = context.getImageData(0, 0, 1, 1).data; return tile.textContent + (red > 150 ? ' red' : '') + (green > 150 ? ' green' : ''); })).catch(() => null)`);
    await expect.poll(colours, { interval: 100 }).toEqual([expect.stringMatching(/^b\.png.* red$/), expect.stringMatching(/^c\.png.* green$/)]);
    // A high one is cut to its tile, and does not hide its name.
    const [picture, foot] = await Promise.all(['img', '.tile-foot'].map((part) => page.locator('.tile').last().locator(part).boundingBox()));
    expect(picture!.y + picture!.height).toBeLessThanOrEqual(foot!.y);
    await seen.drop([join(own, 'a')], 'main');
    await page.getByRole('link', { name: 'a', exact: true }).waitFor();
    await expect.poll(colours, { interval: 100 }).toEqual([expect.stringMatching(/^a/), expect.stringMatching(/^b\.png.* red$/), expect.stringMatching(/^c\.png.* green$/)]);
  });

  test('by the keyboard alone', async () => {
    put(server.photos, { 'a.txt': 'a', 'b.txt': 'b', 'folder/c.txt': 'c' });
    await open('#/files/photos/');
    await line('a.txt').waitFor();
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    // From the search field: the order, the look, the uploads, the menu, the list.
    await page.getByRole('searchbox').focus();
    for (let step = 0; step < 20 && (await page.evaluate('document.activeElement.getAttribute("role")')) !== 'row'; step++) await press('Tab');
    await press('ArrowDown', 'F2');
    await page.getByLabel('New name of a.txt').waitFor();
    await page.keyboard.type('z');
    await press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('z.txt');
    await press('Home', 'Enter');
    await line('c.txt').waitFor();
    await page.goBack();
    await line('b.txt').focus();
    await press('Enter');
    await page.getByRole('dialog', { name: 'b.txt' }).waitFor();
    await press('ArrowRight');
    await page.getByRole('dialog', { name: 'z.txt' }).waitFor();
    await press('Escape');
    await expect.poll(() => page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('z.txt');
    await press('Space', 'ArrowUp', 'Space', 'Delete');
    await page.getByText('Delete 2 files?').waitFor();
    await press('Tab', 'Enter');
    await said('2 files deleted.');
    expect(readdirSync(server.photos).filter((name) => !name.startsWith('.'))).toEqual(['folder']);
  });

  test('what a person may not do is not offered', async () => {
    put(server.photos, { 'a.txt': 'a' });
    await open('#/files/photos/', { as: 'reader' });
    await line('a.txt').waitFor();
    await page.getByRole('button', { name: 'What to do with a.txt' }).click();
    expect(await page.getByRole('menuitem').allTextContents()).toEqual(['Download']);
    expect(await page.getByRole('button', { name: /Upload/ }).count()).toBe(0);
    await seen.close();
    put(own, { 'n.txt': 'n' });
    await open('#/files/photos/', { as: 'camera' });
    await page.getByText('You may add files here').waitFor();
    await seen.drop([join(own, 'n.txt')], 'main');
    await uploads().getByText('All is there').waitFor();
    expect(readFileSync(join(server.photos, 'n.txt'), 'utf8')).toBe('n');
  });

  test('a page and a picture in the library run no script', async () => {
    const script = 'document.title = "ran"; fetch("/session", { method: "DELETE" })';
    put(server.photos, { 'evil.html': `<!doctype html><title>still</title><script>${script}</script><img src=x onerror='${script}'>`, 'evil.svg': `<svg xmlns="http://www.w3.org/2000/svg"><title>still</title><script>${script}</script></svg>` });
    await open('#/files/photos/evil.html');
    await page.getByRole('dialog').getByText('<title>still</title>').waitFor();
    await page.getByRole('button', { name: 'The next one' }).click();
    await page.getByRole('dialog', { name: 'evil.svg' }).getByText('cannot show it').waitFor();
    for (const name of ['evil.html', 'evil.svg']) {
      const other = await seen.context.newPage();
      // Where the server gives it as bytes alone, Chromium saves it in place of opening it.
      await other.goto(`${server.url}/files/photos/${name}`).catch((error: Error) => expect(error.message).toMatch(/Download is starting|ERR_ABORTED/));
      await other.evaluate('new Promise((resolve) => setTimeout(resolve))');
      expect(await other.title()).not.toBe('ran');
      await other.close();
    }
    expect(seen.asked.filter((request) => request.startsWith('DELETE'))).toEqual([]);
    // Chromium tells that it has blocked them: so they were tried.
    seen.violations.length = 0;
  });

  test('dark, 360 pixels: axe finds nothing serious in any view, and nothing is to be scrolled sideways', async () => {
    seen = await lookAtAll(browser, server, { colorScheme: 'dark', width: 360 });
  });
});
