/** Edits of a source by chance, for tests that hold what bat does to a plain memory of what was there. */
import { chmodSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import fc from 'fast-check';

/** A few names, so that the same one is often something else than before; one differs from another in case only. */
const names = fc.constantFrom('a', 'A', 'b', 'c/d', 'c/e', 'c', 'f/g/h', 'f/g', 'ü');
const contents = fc.oneof(fc.constantFrom('', 'x', 'same', 'longer '.repeat(100)), fc.string());

export const edits = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), name: names, content: contents }),
  fc.record({ kind: fc.constant('large' as const), name: names, seed: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ kind: fc.constant('remove' as const), name: names }),
  fc.record({ kind: fc.constant('rename' as const), name: names, to: names }),
  fc.record({ kind: fc.constant('chmod' as const), name: names, mode: fc.constantFrom(0o600, 0o644, 0o755) }),
  fc.record({ kind: fc.constant('link' as const), name: names, to: names }),
  fc.record({ kind: fc.constant('symlink' as const), name: names, to: names }),
  fc.record({ kind: fc.constant('folder' as const), name: names }),
);
export type Edit = typeof edits extends fc.Arbitrary<infer T> ? T : never;

const largeFiles = [0, 1, 2, 3].map((seed) => {
  const bytes = Buffer.alloc(9_000_000 + seed, 'the same in all of them');
  createHash('shake256', { outputLength: 2_000_000 }).update(String(seed >> 1)).digest().copy(bytes, 4_000_000);
  return bytes;
});

/** An edit that makes no sense where things are as they are (a file in a file) is left out. */
export function apply(edit: Edit, source: string): void {
  const path = join(source, edit.name);
  try {
    if (edit.kind === 'remove') return rmSync(path, { recursive: true });
    if (edit.kind === 'chmod') return lstatSync(path).isFile() ? chmodSync(path, edit.mode) : undefined;
    if (edit.kind === 'rename' || edit.kind === 'link') {
      const to = join(source, edit.to);
      mkdirSync(dirname(to), { recursive: true });
      if (edit.kind === 'rename') return renameSync(path, to);
      return lstatSync(path).isFile() ? linkSync(path, to) : undefined;
    }
    mkdirSync(edit.kind === 'folder' ? path : dirname(path), { recursive: true });
    if (edit.kind === 'symlink') symlinkSync(edit.to, path);
    else if (edit.kind === 'write') writeFileSync(path, edit.content);
    else if (edit.kind === 'large') writeFileSync(path, largeFiles[edit.seed]!);
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
  }
}
