/** What a tree is, in text. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A line for each path; hard links are told by their group. */
export function describeTree(folder: string): string[] {
  const groups = new Map<bigint, string>();
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path, { bigint: true });
      const mode = (Number(stat.mode) & 0o7777).toString(8);
      if (stat.isDirectory()) return `${name}/ ${mode}`;
      if (stat.isSymbolicLink()) return `${name} -> ${readlinkSync(path)}`;
      const first = groups.get(stat.ino) ?? name;
      groups.set(stat.ino, first);
      return `${name} ${mode} ${stat.mtimeNs / 1_000_000n} ${createHash('sha256').update(readFileSync(path)).digest('hex')} ${first}`;
    });
}
