/** What a source is on the disk now, held against one of its snapshots. Nothing is stored, and the catalog stays as it is. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Catalog } from '../../catalog/catalog.ts';
import type { DifferenceList } from '../../catalog/difference-list.ts';
import type { Snapshot } from '../../catalog/snapshots.ts';
import { systemCode, systemReason } from '../../core/errors.ts';
import type { Issue } from '../../core/events.ts';
import { systemPath } from '../../core/paths.ts';
import { Pace } from '../../steps/select/pace.ts';
import { Tally } from '../../steps/select/tally.ts';
import { Walk } from '../../steps/select/walk.ts';
import type { Source } from '../../steps/source.ts';
import { PastDraft } from './past-draft.ts';
import { whatChanged } from './what-changed.ts';

export interface DiskOptions {
  catalog: Catalog;
  source: Source;
  snapshot: Snapshot;
  list: DifferenceList;
  /** Files that look the same, and those that may be renamed ones, are read and compared by their content. */
  checksum: boolean;
  issue: (issue: Issue) => void;
  signal: AbortSignal;
}

const pieceSize = 1024 * 1024;

/** Puts all differences on the list. Throws SOURCE_MISSING if the source is not there. */
export async function compareWithDisk({ catalog, source, snapshot, list, checksum, issue, signal }: DiskOptions): Promise<void> {
  const draft = new PastDraft(catalog, snapshot, list);
  const tally = new Tally({ count: () => {}, expect: () => {} });
  const walk = new Walk({ source, draft, allowEmpty: true, issue }, tally, { checksum: false });
  const pace = new Pace(signal);
  const hash = (path: string, place: string): Promise<Buffer | null> => hashFile(place, signal, (message) => issue({ kind: 'unread', path, message }));
  for (const selected of walk.entries()) {
    if (pace.isDue()) await pace.rest();
    if (!selected) continue;
    const { entry, absolute } = selected;
    const known = draft.before(entry.path);
    const isFile = entry.type === 'file' || entry.type === 'hardlink';
    const isRead = checksum && isFile && known !== null && known.entry.size === entry.size;
    const after = { entry, sha256: isRead ? await hash(entry.path, absolute) : null };
    const before = known && (after.sha256 ? draft.sideOf(known) : { entry: known.entry, sha256: null });
    if (!before || whatChanged(before, after).length > 0) list.put(entry.path, known && draft.sideOf(known), after, absolute);
  }
  if (!checksum) return;
  for (const { path, entry, place } of list.possiblyRenamed()) {
    const sha256 = await hash(path, place);
    if (sha256) list.put(path, null, { entry, sha256 }, place);
  }
}

/** Null, and an issue, if the file cannot be read. */
async function hashFile(path: string, signal: AbortSignal, fail: (message: string) => void): Promise<Buffer | null> {
  try {
    await using file = await open(systemPath(path), constants.O_RDONLY | constants.O_NONBLOCK);
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(pieceSize);
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, pieceSize, null);
      signal.throwIfAborted();
      if (bytesRead === 0) return hash.digest();
      hash.update(piece.subarray(0, bytesRead));
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    fail(`This could not be read, and was compared by its size and time only: ${systemReason(error)}.`);
    return null;
  }
}
