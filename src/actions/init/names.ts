/** Names for what `bat init` puts into a plan, made of the names of folders. */
import { basename, resolve } from 'node:path';
import { idSchema } from '../../plan/part-schemas.ts';
import { reservedFolders } from '../../volume/names.ts';

export const planNamePattern = new RegExp(idSchema['pattern'] as string);
const reserved: readonly string[] = reservedFolders;

/** Each folder with a name of its own for its source, once each. */
export function nameSources(folders: readonly string[]): { id: string; path: string }[] {
  const taken = new Set<string>();
  return [...new Set(folders)].map((path) => {
    const name = nameOf(path, 'root');
    const base = reserved.includes(name.toLowerCase()) ? `my-${name}` : name;
    let id = base;
    for (let number = 2; taken.has(id.toLowerCase()); number++) id = `${base}-${number}`;
    taken.add(id.toLowerCase());
    return { id, path };
  });
}

/** The name of the only folder, or of the machine where there are several. */
export function chooseName(folders: readonly string[], host: string): string {
  const [first = ''] = folders;
  return folders.length === 1 ? nameOf(first, nameOf(host, 'backup')) : nameOf(host.split('.')[0]!, 'backup');
}

/** The last part of a path in the letters that a name may have. */
function nameOf(path: string, otherwise: string): string {
  const plain = basename(resolve(path))
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+|-+$/g, '');
  return plain.slice(0, 60).replace(/-+$/, '') || otherwise;
}
