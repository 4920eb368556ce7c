/** bat as a package: everything that is published or that a clone has to run it, built from src into a temporary folder. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundle } from '../../scripts/bundle.ts';

export const root = join(import.meta.dirname, '../..');

/** What the folder of a package holds beside `dist`; the examples are there as in a clone, without what they wrote. */
const parts = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'bin', 'assets', 'schema', 'plans', 'docs', 'examples'];

/** The folder, and how to remove it. */
export async function buildPackage(): Promise<{ folder: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'bat-package-'));
  const leftOut = join(root, 'examples/work/');
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true, verbatimSymlinks: true, filter: (path) => !path.startsWith(leftOut) });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  await bundle(folder);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The environment of a person who has nothing of bat set up: state and home lie in the folder, npm asks no registry. */
export function personIn(folder: string): NodeJS.ProcessEnv {
  // What a surrounding npm has set would lead the inner one back to the checkout.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$|NODE_ENV$|VITEST|NO_COLOR$|FORCE_COLOR$|BAT_)/i.test(name));
  return { ...Object.fromEntries(inherited), HOME: folder, XDG_STATE_HOME: join(folder, 'state'), PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, npm_config_offline: 'true', npm_config_update_notifier: 'false' };
}
