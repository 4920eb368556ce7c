/** A tree that changes by chance: what is there may be rewritten, renamed, copied, linked, removed; new files come. */
import { chmodSync, copyFileSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesBelow } from './judges.ts';

/** Bytes that do not compress and follow from the chance. */
function noise(size: number, chance: () => number): Buffer {
  const bytes = Buffer.allocUnsafe(size + 4);
  for (let offset = 0; offset < size; offset += 4) bytes.writeUInt32LE((chance() * 2 ** 32) >>> 0, offset);
  return bytes.subarray(0, size);
}

export function changeTree(folder: string, changes: number, chance: () => number): void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)]!;
  let counter = Math.floor(chance() * 1e9);
  const fresh = (): string => join(pick(['a', 'b', 'b/c', 'd/e/f']), `file ${counter++}`);
  const at = (path: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    return join(folder, path);
  };
  const size = (): number => pick([0, 10, 600, 5000, 70_000, 300_000, 2_000_000]);
  for (let change = 0; change < changes; change++) {
    const files = filesBelow(folder);
    const kind = files.length < 10 ? 'new' : pick(['new', 'new', 'rewrite', 'rename', 'remove', 'copy', 'link', 'symlink', 'mode', 'large']);
    if (kind === 'new') writeFileSync(at(fresh()), noise(size(), chance));
    else if (kind === 'large') writeFileSync(at('a/large'), Buffer.concat([Buffer.alloc(9_000_000, 'x'), noise(3_000_000, chance)]));
    else if (kind === 'symlink') symlinkSync(pick(files), at(fresh()));
    else {
      const file = pick(files);
      if (kind === 'remove') rmSync(join(folder, file));
      else if (kind === 'rename') renameSync(join(folder, file), at(fresh()));
      else changeFile(kind, join(folder, file), at(fresh()), chance, size());
    }
  }
}

function changeFile(kind: string, file: string, other: string, chance: () => number, size: number): void {
  try {
    if (kind === 'rewrite') writeFileSync(file, noise(size, chance));
    else if (kind === 'copy') copyFileSync(file, other);
    else if (kind === 'link' && lstatSync(file).isFile()) linkSync(file, other);
    else chmodSync(file, 0o600 + Math.floor(chance() * 64));
  } catch (error) {
    // A link that leads nowhere can be none of these.
    if (!['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
