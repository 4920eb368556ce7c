/**
 * How a file comes into the library: whole and flushed before it has a name, named before the table has it, in the table before anybody is told. Of
 * two that bring the same content at once one is stored, and the other one waits until it is.
 */
import { parseMtime } from '../../core/entry.ts';
import { systemCode } from '../../core/errors.ts';
import type { Claims } from '../claims.ts';
import { formatContentHash, type ContentHash } from '../content-hash.ts';
import type { LibraryDisk } from '../disk.ts';
import { explainDisk, LibraryError } from '../errors.ts';
import type { HeldFolder } from '../held-folder.ts';
import type { KeyedLock } from '../../core/keyed-lock.ts';
import type { LibraryFolder } from '../library-folder.ts';
import { formatLibraryPath, uploadsName } from '../names.ts';
import type { Space } from '../space.ts';
import { marksOf } from '../stamp.ts';
import type { FileRow, FileTable } from '../table/files.ts';
import type { FinishedFile, FolderChoice, Known, Placed, PlaceOptions } from '../types.ts';
import { giveFreeName, giveName } from './give-name.ts';
import { incomingName, receive, takeOver, type Incoming } from './incoming.ts';

export interface PlacingParts {
  disk: LibraryDisk;
  table: FileTable;
  claims: Claims;
  space: Space;
  locks: KeyedLock;
  /** Of this server: its name in the names of incoming files. */
  owner: string;
}

const anywhere: FolderChoice = () => true;

/** Reads `content` to its end unless it is known beforehand. Throws LibraryErrors, and the signal's reason. */
export async function place(parts: PlacingParts, folder: LibraryFolder, names: readonly string[], content: AsyncIterable<Uint8Array> | FinishedFile, options: PlaceOptions): Promise<Placed> {
  const path = formatLibraryPath(folder.id, ...names);
  try {
    await folder.confirmPresent();
    return await folder.within([uploadsName], async (uploads) => {
      const isFile = 'file' in content;
      const known = options.hash && !options.evenIfKnown ? await knownElsewhere(parts.claims, options.hash, options) : null;
      if (known && isFile) await unlinkQuietly(parts.disk, uploads.at(nameOf(content, folder)));
      if (known) return { ...knownOf(known), stored: false };
      return await bringIn(parts, folder, names, uploads, content, options);
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw explainDisk(error, `${path} could not be stored`);
  }
}

async function bringIn(parts: PlacingParts, folder: LibraryFolder, names: readonly string[], uploads: HeldFolder, content: AsyncIterable<Uint8Array> | FinishedFile, options: PlaceOptions): Promise<Placed> {
  const { disk, space } = parts;
  if ('file' in content) {
    const incoming = await takeOver(disk, uploads, nameOf(content, folder), options.signal);
    // What failed for a reason that may pass stays where it was: so much was sent already.
    return finish(parts, folder, names, uploads, incoming, options);
  }
  const admission = await space.admit(folder, { ...options, hold: options.size !== undefined });
  try {
    const incoming = await receive(disk, uploads, incomingName(parts.owner), content, admission, options.signal);
    try {
      return await finish(parts, folder, names, uploads, incoming, options);
    } catch (error) {
      await unlinkQuietly(disk, uploads.at(incoming.name));
      throw error;
    }
  } finally {
    admission.release();
  }
}

async function finish(parts: PlacingParts, folder: LibraryFolder, names: readonly string[], uploads: HeldFolder, incoming: Incoming, options: PlaceOptions): Promise<Placed> {
  const { disk, claims, locks } = parts;
  const { handle, hashes } = incoming;
  try {
    const wrong = mistakeIn(incoming, options);
    if (wrong) {
      await disk.unlink(uploads.at(incoming.name));
      throw wrong;
    }
    if (options.mtime !== undefined) {
      const seconds = Number(parseMtime(options.mtime) / 1000n) / 1e6;
      await handle.utimes(seconds, seconds);
    }
    await handle.sync();
    return await locks.hold(hashes.sha256, async () => {
      const known = options.evenIfKnown ? null : await knownElsewhere(claims, { algorithm: 'sha256', hex: hashes.sha256 }, options);
      if (!known) return name(parts, folder, names, uploads, incoming, options);
      await disk.unlink(uploads.at(incoming.name));
      return { ...knownOf(known), stored: false };
    });
  } finally {
    await handle.close();
  }
}

async function name({ disk, table, locks }: PlacingParts, folder: LibraryFolder, names: readonly string[], uploads: HeldFolder, incoming: Incoming, options: PlaceOptions): Promise<Placed> {
  const inner = names.slice(0, -1);
  const wanted = names.at(-1)!;
  // While the bytes came a disk may have gone: an empty mount point has the folder's path.
  await folder.confirmPresent();
  return folder.within(
    inner,
    async (held) => {
      const from = uploads.at(incoming.name);
      let given = wanted;
      if (!options.exactName) given = await giveFreeName({ disk, locks }, from, held, wanted);
      else if (!(await giveName({ disk, locks }, from, held, wanted))) throw taken(formatLibraryPath(folder.id, ...names));
      await held.flush();
      const marks = marksOf(await incoming.handle.stat({ bigint: true }));
      try {
        table.put({ folder: folder.id, directory: inner.join('/'), name: given }, marks, incoming.hashes, options.giver?.name ?? null);
      } catch (error) {
        // Nobody is told of it: it would come again, and lie there once more with each try.
        await disk.rename(held.at(given), from);
        throw error;
      }
      return { path: formatLibraryPath(folder.id, ...inner, given), size: incoming.size, ...incoming.hashes, stored: true };
    },
    true,
  );
}

/** What may lie in a folder that is away is stored: who sends it must not wait for a disk in a drawer. */
async function knownElsewhere(claims: Claims, hash: ContentHash, { within = anywhere }: PlaceOptions): Promise<FileRow | null> {
  try {
    return await claims.find(hash, within);
  } catch (error) {
    if (error instanceof LibraryError && error.code === 'FOLDER_AWAY') return null;
    throw error;
  }
}

export function taken(path: string): LibraryError {
  return new LibraryError('EXISTS', `There is something called ${path} already.`, { hint: 'Nothing in the library is ever replaced. Take another name.' });
}

export function knownOf(row: FileRow): Known {
  return { path: formatLibraryPath(row.folder, row.directory, row.name), size: row.size, sha256: row.sha256!, md5: row.md5! };
}

function mistakeIn({ size, hashes }: Incoming, options: PlaceOptions): LibraryError | null {
  if (options.size !== undefined && size !== options.size) return new LibraryError('BAD_REQUEST', `${options.size} bytes were announced, and ${size} came.`);
  const { hash } = options;
  if (!hash || hashes[hash.algorithm] === hash.hex) return null;
  return new LibraryError('HASH_MISMATCH', `The bytes that came are not those of ${formatContentHash(hash)}: they have ${hash.algorithm}:${hashes[hash.algorithm]}.`, {
    hint: 'Send them again. If it stays so, the file changed while it was sent, or the hash is of another one.',
  });
}

function nameOf({ file }: FinishedFile, folder: LibraryFolder): string {
  const start = `${folder.uploads}/`;
  const name = file.startsWith(start) ? file.slice(start.length) : '';
  if (name === '' || name.includes('/')) throw new Error(`${file} is no upload of the folder "${folder.id}".`);
  return name;
}

/** What stays is nobody's, and the next start of the server removes it. */
async function unlinkQuietly(disk: LibraryDisk, path: string): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}
