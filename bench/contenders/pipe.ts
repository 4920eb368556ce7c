import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Place } from './contender.ts';

/** What a person types who has no program for backups. On disk when it ends, as with the others. */
export function pipe({ folder, tree, key, recipient }: Place): Contender {
  const file = join(folder, 'tree.tar.zst.age');
  return {
    programs: ['tar', 'zstd', 'age'],
    async reset() {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    },
    backup: () => ({ argv: bash('tar -cf - -C "$1" . | zstd -q -3 -T0 | age -r "$2" -o "$3"; sync "$3"', tree, recipient, file) }),
    restore: (to) => ({ argv: bash('age -d -i "$1" "$2" | zstd -q -d | tar -xf - -C "$3"', key, file, to) }),
    restored: (to) => to,
    stored: () => statSync(file).size,
  };
}

function bash(script: string, ...values: string[]): string[] {
  return ['bash', '-o', 'pipefail', '-ec', script, 'bash', ...values];
}
