/** Every call to the file system that the target makes, so that a test can make each of them fail. */
import * as promises from 'node:fs/promises';

export type Disk = Pick<typeof promises, 'access' | 'lstat' | 'mkdir' | 'open' | 'opendir' | 'rename' | 'rmdir' | 'stat' | 'unlink'>;

export const disk: Disk = promises;
