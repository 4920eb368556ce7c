/** Reads a file once for both of its hashes, and only believes what was read if the file is the same before and after. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode, systemReason } from '../../core/errors.ts';
import { marksOf } from '../stamp.ts';
import type { FileToHash, HashOutcome } from './messages.ts';

const block = 1024 * 1024;
/** A kernel stamps files with the time of its last tick: what is written twice within one may have the same times before and after. */
const tick = 20;
/** FAT keeps times in steps of two seconds. */
const coarseTick = 2100;
/** After so long the system has written out by itself what it was given. */
const settledAfter = 10 * 60 * 1000;
const buffer = Buffer.allocUnsafeSlow(block);
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * What has just come is flushed, too, with the names in its folder: somebody may be told that it is here, and throw away what they
 * have. Each folder once for all files of a call.
 */
export function hashFiles(root: string, files: readonly FileToHash[]): HashOutcome[] {
  const fresh = new Map<string, number[]>();
  const outcomes = files.map((file, index) => hashFile(root, file, (folder) => fresh.set(folder, [...(fresh.get(folder) ?? []), index])));
  for (const [folder, indexes] of fresh) {
    const problem = flushFolder(folder);
    if (problem !== null) for (const index of indexes) outcomes[index] = { id: files[index]!.id, problem };
  }
  return outcomes;
}

function hashFile(root: string, file: FileToHash, isFresh: (folder: string) => void): HashOutcome {
  const { id } = file;
  const path = `${root}/${file.path}`;
  let descriptor: number | null = null;
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const before = fstatSync(descriptor, { bigint: true });
    if (!before.isFile() || marksOf(before).stamp !== file.stamp) return { id, stale: true };
    waitForTick(before);
    const sha256 = createHash('sha256');
    const md5 = createHash('md5');
    for (;;) {
      const count = readSync(descriptor, buffer, 0, block, null);
      if (count === 0) break;
      const bytes = buffer.subarray(0, count);
      sha256.update(bytes);
      md5.update(bytes);
    }
    if (Date.now() - Number(before.ctimeMs) < settledAfter) {
      fsyncSync(descriptor);
      isFresh(dirname(path));
    }
    if (marksOf(fstatSync(descriptor, { bigint: true })).stamp !== file.stamp) return { id, stale: true };
    return { id, stamp: file.stamp, hashes: { sha256: sha256.digest('hex'), md5: md5.digest('hex') } };
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return { id, stale: true };
    return { id, problem: systemReason(error) };
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Until a further change must show in the file's times. */
function waitForTick({ ctimeNs, mtimeNs }: BigIntStats): void {
  const isCoarse = ctimeNs % 1_000_000_000n === 0n && mtimeNs % 1_000_000_000n === 0n;
  const age = Date.now() - Number(ctimeNs / 1_000_000n);
  const least = isCoarse ? coarseTick : tick;
  if (age >= 0 && age < least) Atomics.wait(pause, 0, 0, least - age);
}

/** What is wrong, in words, or null. */
function flushFolder(folder: string): string | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    fsyncSync(descriptor);
    return null;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    // Some network and FAT file systems cannot flush a folder.
    return ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code) ? null : systemReason(error);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
