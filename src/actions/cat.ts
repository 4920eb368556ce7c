/** One file's bytes: `bat cat`. Each chunk is checked before it is given, the whole at the end. */
import { createHash } from 'node:crypto';
import type { ListedEntry } from '../catalog/restore-list.ts';
import { BatError } from '../core/errors.ts';
import { elsewhere } from './restore/report.ts';
import { resolveRange, type ByteRange } from './cat/range.ts';
import { SnapshotData, type SnapshotDataOptions, type Write } from './snapshot-data.ts';

export { parseRange, type ByteRange } from './cat/range.ts';

export interface CatOptions extends SnapshotDataOptions {
  /** Only these bytes; all of them if it is null. */
  range: ByteRange | null;
  write: Write;
}

/**
 * Reads only the frames that hold what is wanted. Throws USAGE if it is no file, OBJECT_DAMAGED or what its target says where
 * some of it is to be had nowhere, ThawPending. What came before that has been written.
 */
export async function cat(options: CatOptions): Promise<void> {
  const data = await SnapshotData.open(options);
  try {
    const { list, reader } = data;
    const entry = fileOf(data);
    const { start, end } = resolveRange(options.range, entry.size, data.fullPath);
    if (start === end) return;
    list.chunks.want({ start, end });
    await reader.settle();
    list.ordered.setApart(1);
    // The only chunk of a file has the file's own hash.
    const whole = entry.parts > 1 && start === 0 && end === entry.size ? createHash('sha256') : null;
    let written = 0;
    for await (const { position, bytes, problem } of data.inOrder().read()) {
      if (!bytes) throw unreadable(data.fullPath, problem!, written, options.passedBy ?? []);
      const wanted = bytes.subarray(Math.max(0, start - position), end - position);
      whole?.update(wanted);
      await options.write(wanted);
      options.signal.throwIfAborted();
      written += wanted.length;
    }
    if (written < end - start || (whole && !whole.digest().equals(entry.sha256!))) {
      throw new BatError('OBJECT_DAMAGED', `The chunks of ${data.fullPath} are what they should be, but not the whole that they make: the manifest is damaged.`, {
        hint: 'Do not trust what was written. Read it from another target with --from, or from another snapshot.',
        subject: data.fullPath,
      });
    }
  } finally {
    data.close();
  }
}

/** A hard link has become its file by now. */
function fileOf({ list, snapshot, path, fullPath }: SnapshotData): ListedEntry {
  const entry = path === '' ? null : list.entries.find(snapshot.number, path);
  if (entry?.type === 'file') return entry;
  if (!entry || entry.type === 'directory') throw new BatError('USAGE', `${fullPath} is a folder.`, { hint: `See what is in it with \`bat ls ${fullPath}\`, or take all of it with \`bat dump\`.` });
  if (entry.type === 'symlink') throw new BatError('USAGE', `${fullPath} is a symbolic link to ${entry.link}.`, { hint: 'Name the file that it points to.' });
  throw new BatError('USAGE', `${fullPath} is no file, but a ${entry.type}.`, { hint: 'See what is there with `bat ls -l`.' });
}

function unreadable(path: string, problem: BatError, written: number, passedBy: readonly string[]): BatError {
  const rest = written > 0 ? ` The ${written} bytes before that were written.` : '';
  return new BatError(problem.code, `${path} cannot be read: ${problem.message.replace(/\.$/, '')}.${rest}`, {
    hint: problem.code.startsWith('KEY_') && problem.hint !== undefined ? problem.hint : elsewhere(passedBy),
    cause: problem,
    subject: path,
  });
}
