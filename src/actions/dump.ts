/**
 * A folder, or a whole source, as one tar: `bat dump`. Files of one chunk come in the order in which they lie in the volumes, so
 * that each frame is fetched once; larger ones after them, each from its beginning to its end. Hard links follow their files.
 * Folders come last, the deepest first: who unpacks them has nothing left to write into one that is read-only, or whose time is set.
 */
import type { ListedEntry } from '../catalog/restore-list.ts';
import type { EntryType } from '../core/entry.ts';
import { BatError } from '../core/errors.ts';
import { formatCount } from '../core/units.ts';
import { DumpFiles } from './dump/files.ts';
import { TarStream } from './dump/tar-stream.ts';
import { checkEntries } from './restore/check-entries.ts';
import { folderOf } from './restore/places.ts';
import { elsewhere } from './restore/report.ts';
import { SnapshotData, type SnapshotDataOptions, type Write } from './snapshot-data.ts';

export interface DumpOptions extends SnapshotDataOptions {
  write: Write;
}

const betweenPauses = 1000;

/**
 * The names in the tar are `<source>/<path>`. Throws USAGE if there is nothing of that path, RESTORE_INCOMPLETE at the end where
 * something could not be read, was refused, or is not as it was (each was said as an event), ThawPending.
 */
export async function dump(options: DumpOptions): Promise<void> {
  const data = await SnapshotData.open(options);
  try {
    const { list, report, reader, snapshot } = data;
    const { signal } = options;
    await checkEntries({ list, report, sourceOf: () => snapshot.source, signal }, () => 'wanted');
    list.chunks.want();
    const order = await reader.settle();
    list.ordered.setApart(2);
    const tar = new TarStream(snapshot.source, options.write);
    const files = new DumpFiles(data, tar);
    await reader.readAll(order, (use, bytes) => files.writeWhole(use.entry, bytes));
    for (const { entry, reason } of list.chunks.missingFiles()) files.fail(entry, new BatError('OBJECT_DAMAGED', reason));
    await files.writeLarge(signal);
    await eachOf(data, ['file'], signal, (entry) => (entry.parts === 0 ? files.writeWhole(entry, new Uint8Array(0)) : undefined));
    await eachOf(data, ['fifo', 'hardlink'], signal, (entry) => writeLink(data, tar, entry));
    await writeFolders(data, tar, signal);
    await tar.end();
    throwIfFailed(data, options.passedBy ?? []);
  } finally {
    data.close();
  }
}

async function writeLink({ list, report, snapshot }: SnapshotData, tar: TarStream, entry: ListedEntry): Promise<void> {
  const first = entry.type === 'hardlink' ? list.entries.find(entry.snapshot, entry.link!) : null;
  if (entry.type !== 'hardlink' || (first?.type === 'file' && first.state === 'wanted')) return tar.member(entry);
  const reason = first?.type === 'file' ? 'which could not be read' : 'which is no file in the snapshot';
  list.entries.setState(entry.id, 'failed');
  report.fail(snapshot.source, entry.path, new BatError('RESTORE_REFUSED', `it is a hard link to ${entry.link}, ${reason}`));
}

/**
 * GNU tar makes symbolic links that lead out only at the end, and then keeps the times of the folders that it knew to be concerned;
 * bsdtar sets those of a folder that is there at once. So the folder of such links stands before and behind them.
 */
async function writeFolders(data: SnapshotData, tar: TarStream, signal: AbortSignal): Promise<void> {
  const { list, top, snapshot } = data;
  const isWritten = (folder: string): boolean => (folder === '' ? top !== undefined : list.entries.find(snapshot.number, folder)?.type === 'directory');
  await eachOf(data, ['symlink'], signal, (entry) => {
    const folder = folderOf(entry.path);
    return leadsOut(entry.link!) && isWritten(folder) ? list.entries.noteLink(folder, entry.id) : tar.member(entry);
  });
  const writeFolder = async (path: string, write: () => Promise<void>): Promise<void> => {
    let isFirst = true;
    for (const link of list.entries.linksIn(path)) {
      if (isFirst) await write();
      isFirst = false;
      await tar.member(link);
    }
    await write();
  };
  await eachOf(data, ['directory'], signal, (entry) => writeFolder(entry.path, () => tar.member(entry)), true);
  if (top) await writeFolder('', () => tar.top(top));
}

/** As GNU tar sees it. */
function leadsOut(link: string): boolean {
  return link.startsWith('/') || link.split('/').includes('..');
}

async function eachOf(
  { list }: SnapshotData,
  types: readonly EntryType[],
  signal: AbortSignal,
  action: (entry: ListedEntry) => Promise<void> | void,
  reverse = false,
): Promise<void> {
  let count = 0;
  for (const entry of list.entries.inOrder(types, ['wanted', 'parent'], reverse)) {
    if (++count % betweenPauses === 0) await new Promise(setImmediate);
    signal.throwIfAborted();
    await action(entry);
  }
}

function throwIfFailed({ report: { summary, keyError }, fullPath }: SnapshotData, passedBy: readonly string[]): void {
  if (summary.failed === 0) return;
  if (keyError && summary.files === 0) throw keyError;
  throw new BatError('RESTORE_INCOMPLETE', `${formatCount(summary.failed, 'entry', 'entries')} of ${fullPath} could not be dumped as they were.`, {
    hint: `Each was named above. The tar is whole, and holds everything else. ${elsewhere(passedBy)}`,
    subject: fullPath,
  });
}
