/** What a person does with a snapshot in the page. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { Visit } from './browser.ts';

export interface Keys {
  identity?: string;
  passphrase?: string;
}

/** Once a snapshot asks for it. */
export async function giveKey(page: Page, { identity = '', passphrase = '' }: Keys): Promise<void> {
  await page.getByLabel('Identity', { exact: true }).fill(identity);
  await page.getByLabel('Passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
}

/** Gives the key, and waits until the snapshot is open. */
export async function openWith(page: Page, keys: Keys, timeout = 15_000): Promise<void> {
  await giveKey(page, keys);
  await page.getByRole('grid', { name: 'Entries of the folder' }).waitFor({ timeout });
}

/** The bytes of a file in the folder that is shown, as they are downloaded. */
export async function restored(page: Page, name: string): Promise<Buffer> {
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: `Restore ${name}`, exact: true }).click();
  return readFileSync(await (await waiting).path());
}

/** What axe finds that is serious, and whether the page is wider than the window. */
export async function lookOver({ page, axe }: Visit): Promise<{ found: string[]; isTooWide: boolean }> {
  return { found: await axe(), isTooWide: await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth') };
}

export const fine = { found: [], isTooWide: false };
