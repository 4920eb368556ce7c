/** What a person does with a snapshot in the page. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

export interface Keys {
  identity?: string;
  passphrase?: string;
}

/** Gives the key, and waits until the snapshot is open. */
export async function openWith(page: Page, { identity = '', passphrase = '' }: Keys): Promise<void> {
  await page.getByLabel('Identity', { exact: true }).fill(identity);
  await page.getByLabel('Passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.getByRole('grid', { name: 'Entries of the folder' }).waitFor();
}

/** The bytes of a file in the folder that is shown, as they are downloaded. */
export async function restored(page: Page, name: string): Promise<Buffer> {
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: `Restore ${name}`, exact: true }).click();
  return readFileSync(await (await waiting).path());
}
