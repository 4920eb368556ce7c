/** A tree of files as text, so that two of them can be compared, and a difference is shown by its path. */
import { createHash } from 'node:crypto';
import { lstatSync, lutimesSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A time that Node can set exactly. */
const exactly = 1_700_000_000.125;

/** By path within the folder, which itself is `.`; a single file stands under its own name. Modes, links, contents, and times to the nanosecond. */
export function treeOf(path: string): Record<string, string> {
  if (!lstatSync(path).isDirectory()) return { [basename(path)]: describe(path) };
  return Object.fromEntries(['.', ...below(path)].map((name) => [name, describe(join(path, name))]));
}

/** Gives everything in a folder, and the folder, times of its own that a restore by Node can give back exactly. */
export function setTimes(folder: string): void {
  for (const [index, name] of [...below(folder), '.'].entries()) lutimesSync(join(folder, name), exactly, exactly + index);
}

function below(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

function describe(path: string): string {
  const stat = lstatSync(path, { bigint: true });
  const what = stat.isSymbolicLink() ? `→ ${readlinkSync(path)}` : stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'folder';
  const mode = stat.isSymbolicLink() ? '' : `${(stat.mode & 0o7777n).toString(8)} `;
  return `${mode}${stat.mtimeNs} ${what}`;
}
