/** The folder that a drill restores to, and leaves nothing of. */
import { chmod, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BatError, systemCode, systemReason } from '../../core/errors.ts';
import { formatBytes } from '../../core/units.ts';

/** What stays free on the disk in any case. */
const margin = 64 * 1024 * 1024;

/** Throws DISK_FAILED. The caller removes it. */
export async function makeScratch(parent: string): Promise<string> {
  try {
    return await mkdtemp(join(parent, 'bat-drill-'));
  } catch (error) {
    throw problem(parent, `cannot be written to: ${systemReason(error)}`, error);
  }
}

/** Throws DISK_FAILED if so many bytes do not fit. */
export async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < bytes + margin) throw problem(folder, `has ${formatBytes(free)} free, and up to ${formatBytes(bytes + margin)} are needed at a time`);
}

/** Folders may have come back without the right to write to them. */
export async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(systemCode(error) ?? '')) throw problem(folder, `cannot be removed: ${systemReason(error)}`, error);
    await openFolders(Buffer.from(folder));
    await rm(folder, { recursive: true, force: true });
  }
}

/** By bytes: a name need not be text. */
async function openFolders(folder: Buffer): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
    if (entry.isDirectory()) await openFolders(Buffer.concat([folder, Buffer.from('/'), entry.name]));
  }
}

function problem(folder: string, what: string, cause?: unknown): BatError {
  return new BatError('DISK_FAILED', `The folder ${folder} ${what}.`, { hint: 'Name another one with --scratch, or take a smaller --sample.', cause, subject: folder });
}
