/** The names in a folder, as bytes demand it: every name survives, and the order is the same on every machine. */
import fs from 'node:fs';
import { decodePath, encodePath, systemPath } from '../../core/paths.ts';

/** What decoding puts in place of bytes that are not UTF-8; it may also be an honest part of a name. */
const REPLACEMENT = '\ufffd';

/** Throws the system's error if the folder cannot be listed. */
export function listNames(absolute: string): string[] {
  const path = systemPath(absolute);
  const names = fs.readdirSync(path, 'utf8');
  if (!names.some((name) => name.includes(REPLACEMENT))) return sortByBytes(names);
  return sortByBytes(fs.readdirSync(path, 'buffer').map(decodePath));
}

/** Plain sorting compares UTF-16 units, which is the order of the bytes as long as there are no surrogates. */
function sortByBytes(names: string[]): string[] {
  if (!names.some((name) => /[\ud800-\udfff]/.test(name))) return names.sort();
  const keyed = names.map((name) => ({ name, bytes: encodePath(name) }));
  return keyed.sort((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ name }) => name);
}

export function joinName(folder: string, name: string): string {
  return folder === '' || folder === '/' ? folder + name : `${folder}/${name}`;
}
