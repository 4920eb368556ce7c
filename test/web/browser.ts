/** A real Chromium before a real server. Everything that it asks for and complains of is noted. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import type { TestServer } from '../server/start-server.ts';

const programs = ['chromium', 'chromium-browser', 'google-chrome'];

function chromiumPath(): string | null {
  for (const program of programs) {
    const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return null;
}

/** Why tests in a browser are to be skipped, or null. With BAT_NO_SKIP set they run, and fail where they cannot. */
export function browserProblem(): string | null {
  if (process.env['BAT_NO_SKIP'] || chromiumPath() !== null) return null;
  return 'not installed: chromium; set BAT_NO_SKIP to make this a failure';
}

/** `more`: words of its command line. */
export function openBrowser(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath() ?? programs[0]!, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...more] });
}

export interface VisitOptions extends Pick<BrowserContextOptions, 'colorScheme' | 'reducedMotion' | 'acceptDownloads'> {
  /** Signed in as this user; null: nobody. Default: `anna`. */
  as?: string | null;
  width?: number;
  height?: number;
  /** Where in the page, such as `#/files/photos/`. */
  at?: string;
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What was asked for, as `METHOD /path`; and addresses beyond the server's own. */
  asked: string[];
  outside: string[];
  /** What broke the page's security policy, and what the page threw. */
  violations: string[];
  thrown: string[];
  /** Drops files and folders of this machine on the page, at an element. */
  drop(paths: string[], selector: string): Promise<void>;
  /** What axe finds that is serious or worse, in words. */
  axe(): Promise<string[]>;
  close(): Promise<void>;
}

export async function visit(browser: Browser, server: TestServer, { as = 'anna', width = 1280, height = 800, at = '', ...rest }: VisitOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ ...rest, viewport: { width, height }, locale: 'en-GB', timezoneId: 'UTC' });
  if (as !== null) {
    const answer = await server.fetch('/session', { method: 'POST', as });
    const [name, value] = answer.headers.getSetCookie()[0]!.split(';')[0]!.split('=') as [string, string];
    await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: 'Strict' }]);
  }
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const asked: string[] = [];
  const outside: string[] = [];
  const violations: string[] = [];
  const thrown: string[] = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol === 'blob:' || url.protocol === 'data:') return;
    if (url.origin === server.url) asked.push(`${request.method()} ${url.pathname}`);
    else outside.push(request.url());
  });
  page.on('console', (message) => {
    if (/Content Security Policy|Content-Security-Policy/.test(message.text())) violations.push(message.text());
  });
  page.on('pageerror', (error) => thrown.push(error.stack ?? String(error)));
  await page.goto(`${server.url}/${at}`);
  return {
    page,
    context,
    asked,
    outside,
    violations,
    thrown,
    drop: (paths, selector) => drop(page, paths, selector),
    axe: () => axe(page),
    close: () => context.close(),
  };
}

/** As a person would: with the files of the disk, so that folders are folders. */
async function drop(page: Page, files: string[], selector: string): Promise<void> {
  const box = (await page.locator(selector).first().boundingBox())!;
  const client = await page.context().newCDPSession(page);
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await client.send('Input.dispatchDragEvent', { type, x, y, data });
  await client.detach();
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const options: RunOptions = { resultTypes: ['violations'] };
  const { violations } = await page.evaluate((options) => (globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run(options), options);
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
}
