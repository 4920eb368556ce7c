/** What bat takes on the disk of somebody who installs it. */
import { join } from 'node:path';
import type { Setting } from './setting.ts';
import { shell } from './shell.ts';

const root = join(import.meta.dirname, '..');
const install = `
cd "$1"; mkdir -p "$2"
npm pack --silent --ignore-scripts --pack-destination "$2" > /dev/null
npm install --silent --no-audit --no-fund --omit=dev --no-save --prefix "$2/installed" "$2"/*.tgz > /dev/null
du -s --block-size=1 "$2/installed" | cut -f1`;

export async function measureInstalled({ wanted, results, scratch }: Setting): Promise<void> {
  if (!wanted.has('package/installed/bat')) return;
  const folder = join(scratch, 'package');
  results.add('package/installed/bat', { installed: Number(await shell(install, root, folder)) });
}
