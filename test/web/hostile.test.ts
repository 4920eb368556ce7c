/** Files that mean harm, in front of a real Chromium: whoever may add something must not run anything in the page of whoever looks at it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { startServer, type TestServer } from '../server/start-server.ts';
import { browserProblem, openBrowser, visit } from './browser.ts';

const problem = browserProblem();
/** What each of them would do. */
const harm = 'globalThis.owned = true; self.postMessage?.("owned");';
const names = ['<img src=x onerror=owned=true>', '"><script>owned=true<', "javascript:owned=true", '{{owned=true}}', '${owned=true}', '#', '?q=x', '%2e%2e%2f', 'a&amp;b', '\u202egpj.exe', '__proto__', 'constructor'];
const files: Record<string, string> = {
  'page.html': `<script>${harm}</script>`,
  'page.xhtml': `<html xmlns="http://www.w3.org/1999/xhtml"><script>${harm}</script></html>`,
  'picture.svg': `<svg xmlns="http://www.w3.org/2000/svg" onload="${harm}"><script>${harm}</script></svg>`,
  'photo.jpg': `<script>${harm}</script>`,
  'photo.gif': `GIF89a/*<script>${harm}</script>*/=1;${harm}`,
  'paper.pdf': `%PDF-1.4\n<script>${harm}</script>`,
  'text.txt': `<script>${harm}</script>`,
  'code.js': harm,
  'code.mjs': harm,
  'style.css': 'body { display: none }',
};

/** Runs in the page, and says what came of each. */
const attempts = `(async () => {
  const came = (element) => new Promise((resolve) => {
    element.addEventListener('load', () => resolve('loaded'));
    element.addEventListener('error', () => resolve('refused'));
    document.body.append(element);
  });
  const make = (tag, fields) => Object.assign(document.createElement(tag), fields);
  const worker = (url) => new Promise((resolve) => {
    try {
      const started = new Worker(url);
      started.addEventListener('message', () => resolve('ran'));
      started.addEventListener('error', () => resolve('refused'));
    } catch {
      resolve('refused');
    }
  });
  const refusal = (work) => work().then(() => 'done', () => 'refused');
  const blob = (text) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  const at = '/files/photos/evil/';
  return {
    script: await came(make('script', { src: at + 'code.js' })),
    module: await came(make('script', { src: at + 'code.mjs', type: 'module' })),
    picture: await came(make('script', { src: at + 'photo.gif' })),
    blob: await came(make('script', { src: blob('globalThis.owned = true') })),
    style: await came(make('link', { rel: 'stylesheet', href: at + 'style.css' })),
    worker: await worker(at + 'code.js'),
    blobWorker: await worker(blob('postMessage(1)')),
    service: await refusal(() => navigator.serviceWorker.register(at + 'code.js')),
    elsewhere: await refusal(() => fetch('http://127.0.0.1:9/')),
    owned: 'owned' in globalThis,
  };
})()`;

describe.skipIf(problem)(`harm in the library${problem ? ` (skipped: ${problem})` : ''}`, () => {
  let browser: Browser;
  let server: TestServer;
  beforeAll(async () => {
    browser = await openBrowser();
    server = await startServer();
    mkdirSync(join(server.photos, 'evil'));
    for (const name of names) writeFileSync(join(server.photos, 'evil', name.replaceAll('/', '∕')), name);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(server.photos, 'evil', name), content);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('listed, searched for, as photos and in front of its list it is what it is, and runs nothing', async () => {
    const seen = await visit(browser, server, { at: '#/files/photos/evil/' });
    const { page } = seen;
    for (const name of names) await page.getByRole('row', { name, exact: true }).waitFor();
    await page.getByRole('button', { name: 'Photos', exact: true }).click();
    await page.getByText('picture.svg').waitFor();
    for (const name of [...names, ...Object.keys(files)]) {
      await page.goto(`${server.url}/#/files/photos/evil/${encodeURIComponent(name)}`);
      await page.getByRole('dialog', { name, exact: true }).waitFor();
    }
    await page.goto(`${server.url}/#/files/photos/?q=${encodeURIComponent('<img onerror')}`);
    await page.getByText('Found:').waitFor();
    expect(await page.evaluate('[typeof owned, document.querySelectorAll("img[onerror]").length, ({}).owned]')).toEqual(['undefined', 0, undefined]);
    expect([seen.outside, seen.violations, seen.thrown]).toEqual([[], [], []]);
    await seen.close();
  });

  test('opened by itself each is bytes without an origin, and never a page, a script or a style', async () => {
    for (const name of Object.keys(files)) {
      const { headers } = await server.fetch(`/files/photos/evil/${name}`);
      expect(headers.get('x-content-type-options'), name).toBe('nosniff');
      expect(headers.get('content-security-policy'), name).toMatch(/^default-src 'none';.* sandbox$/);
      expect(headers.get('content-type'), name).not.toMatch(/html|svg|xml|script|css/);
    }
  });

  test('the page itself lets none of it in as a part of itself, whoever could write into it', async () => {
    const seen = await visit(browser, server, { at: '#/files/photos/' });
    const tries = await seen.page.evaluate(attempts);
    expect(tries).toEqual({ script: 'refused', module: 'refused', picture: 'refused', blob: 'refused', style: 'refused', worker: 'refused', blobWorker: 'refused', service: 'refused', elsewhere: 'refused', owned: false });
    expect(await seen.page.evaluate('document.cookie')).toBe('');
    await seen.close();
  });
});
