/**
 * The folders below the destination. Nothing is ever written through a symbolic link: before anything is put into a
 * folder, every part of its path below the destination is looked at, and made if it is missing.
 */
import fs from 'node:fs';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import { systemPath } from '../../core/paths.ts';
import { below, folderOf, type Spot } from './places.ts';

/** Folders remembered at a time, so that a path is not looked at again for each file in it. */
const mostRemembered = 20_000;
const writable = 0o700;

export class Folders {
  readonly #known = new Map<string, 'there' | 'absent'>();

  /** Whether the folder `relative` below `base` is there. Throws RESTORE_REFUSED if a link or a file is in its way. */
  look(base: string, relative: string): 'there' | 'absent' {
    const path = below(base, relative);
    const known = this.#known.get(path);
    if (known) return known;
    const state = relative === '' ? lookAtBase(base) : this.#lookBelow(base, relative, path);
    this.#remember(path, state);
    return state;
  }

  /** Makes the folder, and those above it, if it is not there. Throws RESTORE_REFUSED, DISK_FAILED. */
  make(base: string, relative: string, mode?: number): void {
    if (this.look(base, relative) === 'there') return;
    const path = below(base, relative);
    if (relative !== '') this.make(base, folderOf(relative));
    try {
      fs.mkdirSync(systemPath(path), { recursive: relative === '', ...(mode === undefined ? {} : { mode }) });
    } catch (error) {
      throw diskFailed(error, 'its folder cannot be made');
    }
    this.#remember(path, 'there');
  }

  /** Makes the folder that something goes into. */
  makeFor(spot: Spot): void {
    this.make(spot.base, folderOf(spot.relative));
  }

  /** A folder that is there already may be one that its owner cannot write to; until the end, it has to be. */
  makeWritable(path: string, isRoot: boolean): void {
    if (isRoot) return;
    const { mode } = fs.lstatSync(systemPath(path));
    if ((mode & writable) !== writable) fs.chmodSync(systemPath(path), (mode & 0o7777) | writable);
  }

  /** Everything is looked at anew from here on: something may have taken a folder's place. */
  forget(): void {
    this.#known.clear();
  }

  #lookBelow(base: string, relative: string, path: string): 'there' | 'absent' {
    if (this.look(base, folderOf(relative)) === 'absent') return 'absent';
    const stat = lookAt(path);
    if (!stat) return 'absent';
    if (stat.isSymbolicLink()) throw refused(`${path} is a symbolic link, and nothing is restored through one`);
    if (!stat.isDirectory()) throw refused(`${path} is there and is no folder`);
    return 'there';
  }

  #remember(path: string, state: 'there' | 'absent'): void {
    if (this.#known.size >= mostRemembered) this.#known.clear();
    this.#known.set(path, state);
  }
}

/** What is at a path, a link itself and not what it names. Null if there is nothing. Throws DISK_FAILED. */
export function lookAt(path: string): fs.BigIntStats | null {
  try {
    return fs.lstatSync(systemPath(path), { throwIfNoEntry: false, bigint: true }) ?? null;
  } catch (error) {
    throw diskFailed(error, 'what is there cannot be looked at');
  }
}

export function refused(reason: string): BatError {
  return new BatError('RESTORE_REFUSED', reason);
}

/** A system error as one of ours; anything else is a bug and is thrown as it is. */
export function diskFailed(error: unknown, what: string): unknown {
  if (error instanceof BatError || systemCode(error) === undefined) return error;
  return new BatError('DISK_FAILED', `${what}: ${systemReason(error)}`, { cause: error });
}

/** The destination itself may be, or lie behind, whatever the person wants. */
function lookAtBase(base: string): 'there' | 'absent' {
  let stat: fs.Stats | undefined;
  try {
    stat = fs.statSync(systemPath(base), { throwIfNoEntry: false });
  } catch (error) {
    throw diskFailed(error, `${base} cannot be looked at`);
  }
  if (!stat) return 'absent';
  if (!stat.isDirectory()) throw refused(`${base} is there and is no folder`);
  return 'there';
}
