/** Before the tests: makes the page again if its sources are newer than what was made of them. */
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundlePage } from '../../scripts/bundle-page.ts';
import { pageFolder } from '../../src/core/page-folder.ts';

export default async function setup(): Promise<void> {
  const root = join(import.meta.dirname, '../..');
  const sources = globSync(['web/**/*.*', 'src/{core,volume}/**/*.ts', 'scripts/bundle-page.ts', 'package-lock.json'], { cwd: root });
  const made = statSync(join(pageFolder, 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (sources.some((file) => statSync(join(root, file)).mtimeMs > made)) await bundlePage(root);
}
