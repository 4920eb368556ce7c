/** Goes through all views of the files' part, with axe and a ruler. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import type { TestServer } from '../server/start-server.ts';
import { visit, type Visit } from './browser.ts';

export async function lookAtAll(browser: Browser, server: TestServer, look: { colorScheme: 'light' | 'dark'; width: number }): Promise<Visit> {
  mkdirSync(join(server.photos, 'folder'));
  for (const name of ['a.txt', 'photo of a very long evening with a very long name.jpg', 'folder/c.txt']) writeFileSync(join(server.photos, name), 'a');
  const signedOut = await visit(browser, server, { ...look, height: 740, as: null });
  await signedOut.page.getByLabel('Token').waitFor();
  await findNothing(signedOut, 'sign in');
  await signedOut.close();

  const seen = await visit(browser, server, { ...look, height: 740, at: '#/files/' });
  const { page } = seen;
  const find = (view: string): Promise<void> => findNothing(seen, view);
  await page.getByRole('link', { name: 'photos' }).waitFor();
  await find('folders');
  await page.getByRole('link', { name: 'photos' }).click();
  await page.getByRole('row', { name: 'a.txt', exact: true }).waitFor();
  await find('list');
  await page.getByRole('button', { name: 'Photos', exact: true }).click();
  await page.getByLabel('Choose a.txt').check();
  await find('photos');
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await find('a question');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Move', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'folder', exact: true }).waitFor();
  await find('a choice');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'What to do with a.txt' }).click();
  await find('a menu');
  await page.keyboard.press('Escape');
  await seen.drop([join(server.photos, 'a.txt')], 'main');
  await page.getByRole('region', { name: 'Uploads' }).getByRole('heading', { name: 'All is there' }).waitFor();
  const shown = page.getByRole('button', { name: 'Show the list' });
  if (await shown.isVisible()) await shown.click();
  await find('uploads');
  await page.getByRole('link', { name: 'a.txt', exact: true }).click();
  await page.getByRole('dialog', { name: 'a.txt' }).getByText('a', { exact: true }).waitFor();
  await find('a file');
  return seen;
}

async function findNothing({ page, axe }: Visit, view: string): Promise<void> {
  expect([view, await axe()]).toEqual([view, []]);
  expect([view, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([view, 0]);
}
