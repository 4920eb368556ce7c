/** Every call to the file system by which the library keeps, moves and removes files, so that a test can make each of them fail. */
import * as promises from 'node:fs/promises';

export type LibraryDisk = Pick<typeof promises, 'link' | 'lstat' | 'mkdir' | 'open' | 'opendir' | 'readdir' | 'rename' | 'rmdir' | 'stat' | 'statfs' | 'unlink'>;

export const disk: LibraryDisk = promises;
