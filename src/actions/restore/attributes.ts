/** Modes, owners and times. What cannot be set is told, and does not keep the rest from being set. */
import fs from 'node:fs';
import type { Entry } from '../../core/entry.ts';
import { systemCode, systemReason } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';

export const isRoot = process.getuid?.() === 0;

type Attributes = Pick<Entry, 'mode' | 'uid' | 'gid' | 'mtime'>;

/** Of an open file or folder. Returns what went wrong, in words, or null. */
export function setAttributes(descriptor: number, { mode, uid, gid, mtime }: Attributes): string | null {
  return collect([
    // The owner first: a change of owner takes the set-id bits away.
    ['owner', () => isRoot && fs.fchownSync(descriptor, uid, gid)],
    ['mode', () => fs.fchmodSync(descriptor, mode)],
    ['time', () => fs.futimesSync(descriptor, now(), timeFor(mtime))],
  ]);
}

/** Of a fifo that nobody else has seen yet: opening it would wait for a writer. */
export function setFifoAttributes(path: string, { mode, uid, gid, mtime }: Attributes): string | null {
  const name = systemPath(path);
  return collect([
    ['owner', () => isRoot && fs.lchownSync(name, uid, gid)],
    ['mode', () => fs.chmodSync(name, mode)],
    ['time', () => fs.lutimesSync(name, now(), timeFor(mtime))],
  ]);
}

/** Of a symbolic link itself; it has no mode of its own. */
export function setLinkAttributes(path: string, { uid, gid, mtime }: Attributes): string | null {
  const name = systemPath(path);
  return collect([
    ['owner', () => isRoot && fs.lchownSync(name, uid, gid)],
    ['time', () => fs.lutimesSync(name, now(), timeFor(mtime))],
  ]);
}

/** Of a folder; one that was exchanged for a link meanwhile is not followed. */
export function setFolderAttributes(path: string, attributes: Attributes): string | null {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  let descriptor: number;
  try {
    descriptor = fs.openSync(systemPath(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    return explain('owner, mode and time', error);
  }
  try {
    return setAttributes(descriptor, attributes);
  } finally {
    fs.closeSync(descriptor);
  }
}

function collect(settings: readonly [what: string, set: () => unknown][]): string | null {
  const problems: string[] = [];
  for (const [what, set] of settings) {
    try {
      set();
    } catch (error) {
      problems.push(explain(what, error));
    }
  }
  return problems.length === 0 ? null : problems.join('; ');
}

function explain(what: string, error: unknown): string {
  // A time that no file system knows is refused by Node, with a code of its own.
  if (systemCode(error) === undefined && !(error as { code?: string }).code?.startsWith('ERR_')) throw error;
  return `it is there, but its ${what} could not be set: ${systemReason(error)}`;
}

/**
 * A time as Node takes it: decimal text, since a negative number it takes for the present. It hands it on as seconds in
 * floating point, exact to a quarter of a microsecond in this century. Never in the next second: programs that compare
 * whole seconds would see a difference.
 */
function timeFor(mtime: string): string {
  const [whole = '0', fraction = ''] = mtime.split('.');
  const second = Number(whole) - (whole.startsWith('-') && /[1-9]/.test(fraction) ? 1 : 0);
  return Math.floor(Number(mtime)) > second ? String(second + 1 - 2 ** -21) : mtime;
}

function now(): string {
  return (Date.now() / 1000).toFixed(3);
}
