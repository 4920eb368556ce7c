/** Decides about each entry that was asked for, before anything is written: to restore it, or to keep what is there. */
import fs from 'node:fs';
import type { ListedEntry } from '../../catalog/restore-list.ts';
import { parseMtime } from '../../core/entry.ts';
import { systemPath } from '../../core/paths.ts';
import { checkEntries, type Checking } from './check-entries.ts';
import type { Overwrite } from './contract.ts';
import { lookAt, refused, type Folders } from './folders.ts';
import { diskPath, folderOf, type Places } from './places.ts';

/** Node sets times by floating point; a restored file's time may be off by less than this. */
const timeTolerance = 1000n;

export interface Decider extends Checking {
  places: Places;
  folders: Folders;
  overwrite: Overwrite;
}

/** Afterwards, what is `wanted` in the list is what will be written. */
export async function decide(decider: Decider): Promise<void> {
  await checkEntries(decider, (entry) => {
    if (entry.type === 'directory' && decider.places.isMadeUp(entry.snapshot, entry.path)) return 'kept';
    if (!keeps(entry, decider)) return 'wanted';
    decider.report.summary.skipped++;
    return 'kept';
  });
}

/** Whether what is on the disk stays. Throws if there can be nothing at its place. */
function keeps(entry: ListedEntry, { places, folders, overwrite }: Decider): boolean {
  const spot = places.spot(entry.snapshot, entry.path);
  if (!spot) throw refused('it belongs to none of the folders that the plan names for its source');
  if (entry.type === 'directory') {
    folders.look(spot.base, spot.relative);
    return false;
  }
  if (folders.look(spot.base, folderOf(spot.relative)) === 'absent' || overwrite === 'always') return false;
  const path = diskPath(spot);
  const there = lookAt(path);
  if (!there) return false;
  if (overwrite === 'never') return true;
  const newer = parseMtime(entry.mtime) - there.mtimeNs;
  if (overwrite === 'if-newer') return newer <= timeTolerance;
  switch (entry.type) {
    case 'file':
      return there.isFile() && there.size === BigInt(entry.size) && newer <= timeTolerance && newer >= -timeTolerance;
    case 'symlink':
      return there.isSymbolicLink() && fs.readlinkSync(systemPath(path), 'buffer').equals(Buffer.from(systemPath(entry.link!)));
    case 'fifo':
      return there.isFIFO();
    case 'hardlink':
      // Only once the file itself is in place can it be said whether this is a link to it.
      return false;
  }
}
