import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bytesIn } from './contender.ts';
import type { Contender, Place } from './contender.ts';

export function borg({ folder, tree }: Place): Contender {
  const store = join(folder, 'store');
  const environment = { BORG_BASE_DIR: folder, BORG_PASSPHRASE: 'bench' };
  // Every archive has a name of its own.
  let archives = 0;
  return {
    programs: ['borg'],
    async reset() {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      execFileSync('borg', ['init', '-e', 'repokey', store], { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] });
      archives = 0;
    },
    backup: () => ({ argv: ['borg', 'create', '-C', 'zstd,3', `${store}::run-${++archives}`, '.'], folder: tree, environment }),
    restore: (to) => ({ argv: ['borg', 'extract', `${store}::run-${archives}`], folder: to, environment }),
    restored: (to) => to,
    stored: () => bytesIn(store),
  };
}
