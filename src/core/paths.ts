/** Paths inside a source (path-names.ts), and how they and those of a plan are handed to the system. */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

export { decodePath, pathDanger } from './path-names.ts';

/** The bytes of a name, lone surrogates turned back into the bytes they stand for. */
export function encodePath(path: string): Buffer {
  if (path.isWellFormed()) return Buffer.from(path, 'utf8');
  const parts: Buffer[] = [];
  let start = 0;
  for (let index = 0; index < path.length; index++) {
    const unit = path.charCodeAt(index);
    const lone = unit >= 0xdc80 && unit <= 0xdcff && !isHighSurrogate(path.charCodeAt(index - 1));
    if (!lone) continue;
    parts.push(Buffer.from(path.slice(start, index), 'utf8'), Buffer.from([unit - 0xdc00]));
    start = index + 1;
  }
  parts.push(Buffer.from(path.slice(start), 'utf8'));
  return Buffer.concat(parts);
}

/** What node:fs takes: the string where it is plain text, else the bytes. */
export function systemPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : encodePath(path);
}

/** A path as the plan has it: `~` is the home folder, anything relative starts at `folder`. */
export function resolvePath(path: string, folder: string): string {
  if (path === '~') return homedir();
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? resolve(path) : resolve(folder, path);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
