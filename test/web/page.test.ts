import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { startServer, type TestServer } from '../server/start-server.ts';
import { browserProblem, openBrowser, visit, type Visit } from './browser.ts';

const problem = browserProblem();

describe.skipIf(problem)(`the page${problem ? ` (skipped: ${problem})` : ''}`, () => {
  let browser: Browser;
  let server: TestServer;
  let seen: Visit;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(async () => {
    await seen?.close();
    await server.close();
  });

  test('signing in with a token, and out again', async () => {
    seen = await visit(browser, server, { as: null });
    const { page } = seen;
    await page.getByLabel('Token').fill(`bat_${'A'.repeat(43)}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => page.locator('#token-problem').textContent()).not.toBe('');
    await page.getByLabel('Token').fill(server.tokens['anna']!);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'photos' }).waitFor();
    expect(await page.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie')).toBe('{}');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect([seen.outside, seen.violations, seen.thrown]).toEqual([[], [], []]);
  });
});
