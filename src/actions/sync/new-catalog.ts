/** A catalog that is made beside the place where it belongs, and appears there whole or not at all. */
import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Catalog } from '../../catalog/catalog.ts';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';

/** What SQLite lays beside a file. */
const besides = ['-wal', '-shm', '-journal'];

/** `isScratch`: it is thrown away at the end whatever becomes of it. Throws STATE_FAILED. */
export async function makeCatalog<T>(file: string, work: (catalog: Catalog) => Promise<T>, { isScratch }: { isScratch: boolean }): Promise<T> {
  const fresh = isScratch ? file : `${file}.new`;
  orExplain(fresh, () => remove(fresh));
  try {
    const catalog = Catalog.open(fresh);
    let result: T;
    try {
      result = await work(catalog);
      catalog.flush();
    } finally {
      // The last connection writes all that is in the journal beside it into the file.
      catalog.close();
    }
    if (!isScratch) orExplain(file, () => putInPlace(fresh, file));
    return result;
  } finally {
    orExplain(fresh, () => remove(fresh));
  }
}

/** Keeps a damaged catalog under another name; somebody may want to look at it. Returns that name. Throws STATE_FAILED. */
export function keepDamaged(file: string): string {
  const kept = `${file}.damaged`;
  orExplain(file, () => copyFileSync(file, kept));
  return kept;
}

function putInPlace(fresh: string, file: string): void {
  sync(fresh);
  // A journal of the catalog that was there would be taken for one of this.
  for (const end of besides) rmSync(file + end, { force: true });
  renameSync(fresh, file);
  sync(dirname(file));
}

function remove(file: string): void {
  for (const end of ['', ...besides]) if (existsSync(file + end)) rmSync(file + end);
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function orExplain(file: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new BatError('STATE_FAILED', `The catalog ${file} cannot be written: ${systemReason(error)}.`, {
      hint: 'Check its folder, or set `state:` in the plan.',
      cause: error,
      subject: file,
    });
  }
}
