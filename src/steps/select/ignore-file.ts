/** Reads the file in a folder (`.batignore`) that says what of the folder is left out. */
import fs from 'node:fs';
import { systemReason } from '../../core/errors.ts';
import { decodePath, systemPath } from '../../core/paths.ts';
import { joinName } from './listing.ts';

/** Nobody writes that many patterns; a file of this size is something else. */
const LARGEST = 1024 * 1024;

/** The patterns, or in words why there are none to be had. */
export function readIgnoreFile(folder: string, name: string): { patterns: string[] } | { problem: string } {
  const path = systemPath(joinName(folder, name));
  try {
    const stat = fs.statSync(path);
    if (!stat.isFile()) return { problem: 'it is no file' };
    if (stat.size > LARGEST) return { problem: 'it is larger than 1 MiB' };
    return { patterns: decodePath(fs.readFileSync(path)).split(/\r?\n/) };
  } catch (error) {
    return { problem: systemReason(error) };
  }
}
