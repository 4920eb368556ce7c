/** A tree of names, sizes, modes, times and links that file systems allow and programs stumble over. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export function makeOddTree(folder: string): void {
  execFileSync('python3', [join(import.meta.dirname, 'odd-tree.py'), folder], { stdio: 'pipe' });
}
