/** Whether the folder is there and may be used; and making it, for the first run. */
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { BatError, systemCode } from '../../core/errors.ts';
import { explain } from './errors.ts';
import type { FileStore } from './store.ts';

const { R_OK, W_OK, X_OK } = constants;
/** Something is in it, or it is gone already. */
const stays = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT']);

/**
 * For a run: makes the folder and the plan's folder in it, and no more: a folder further up that is missing is
 * rather a disk that is not mounted (TARGET_UNREACHABLE). For anything else: NOTHING_STORED if they are not there.
 * TARGET_DENIED if it may not be written (or, for anything but a run, not be read). The folders that it makes are noted in `made`.
 */
export async function connectFolder(store: FileStore, create: boolean, made: Set<string>): Promise<void> {
  try {
    await (create ? makeFolders(store, made) : findFolder(store));
    await store.disk.access(store.base, create ? R_OK | W_OK | X_OK : R_OK | X_OK);
  } catch (error) {
    throw explain(error, { target: store.id, location: store.base, doing: 'use', what: store.base });
  }
}

async function makeFolders(store: FileStore, made: Set<string>): Promise<void> {
  if (!(await isFolder(store, store.path))) {
    const parent = dirname(store.path);
    if (!(await isFolder(store, parent))) {
      throw new BatError('TARGET_UNREACHABLE', `Target "${store.id}": the folder ${store.path} is not there, and neither is ${parent}.`, {
        hint: `Is the disk mounted? If the folder is to be a new one, make its parent first: mkdir -p ${parent}`,
        subject: store.path,
      });
    }
    await makeFolder(store, store.path, made);
  }
  if (!(await isFolder(store, store.base))) await makeFolder(store, store.base, made);
}

async function findFolder(store: FileStore): Promise<void> {
  if (await isFolder(store, store.base)) return;
  const parent = dirname(store.path);
  if (!(await isFolder(store, parent))) {
    throw new BatError('TARGET_UNREACHABLE', `Target "${store.id}": ${parent}, which should hold its folder, is not there.`, {
      hint: 'Is the disk mounted? Otherwise correct `path` in the plan.',
      subject: store.path,
    });
  }
  throw new BatError('NOTHING_STORED', `Nothing is stored on target "${store.id}" yet: there is no folder ${store.base}.`, {
    hint: 'Is the disk mounted? If it is, the first `bat run` stores something.',
    subject: store.base,
  });
}

/** Removes the folders that `connectFolder` made, the deepest first, as far as they are empty. */
export async function unmakeFolders(store: FileStore, made: Set<string>): Promise<void> {
  for (const folder of [...made].reverse()) {
    try {
      await store.disk.rmdir(folder);
    } catch (error) {
      if (!stays.has(systemCode(error) ?? '')) throw error;
    }
    made.delete(folder);
  }
}

async function makeFolder(store: FileStore, folder: string, made: Set<string>): Promise<void> {
  try {
    await store.disk.mkdir(folder);
    made.add(folder);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** False if there is nothing of that name. Throws TARGET_UNREACHABLE if it is something else than a folder. */
async function isFolder(store: FileStore, folder: string): Promise<boolean> {
  try {
    if ((await store.disk.stat(folder)).isDirectory()) return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    if (systemCode(error) !== 'ENOTDIR') throw error;
  }
  throw new BatError('TARGET_UNREACHABLE', `Target "${store.id}" cannot use ${folder}: it is not a folder.`, {
    hint: 'Name a folder as `path` in the plan, or move the file of that name away.',
    subject: folder,
  });
}
