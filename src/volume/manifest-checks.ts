/** What a manifest says is not believed: no name leads out of the store, and no length is more than the format allows. */
import { BatError } from '../core/bat-error.ts';
import { pathDanger } from '../core/path-names.ts';
import type { ManifestChunk, ManifestVolume } from './manifest.ts';
import { reservedFolders } from './names.ts';

/** The format's own limits: a reader need not hold more than this in memory. */
const largestChunk = 64 * 1024 * 1024;
const largestFrame = 64 * 1024 * 1024;
const ownFolders: readonly string[] = reservedFolders;
const sourcePattern = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** Throws OBJECT_DAMAGED. `subject`: the manifest's name. */
export function checkVolume({ name, frames }: ManifestVolume, subject: string): void {
  if (!isVolumeName(name)) throw damagedManifest(subject, `it names an object that cannot be one of its volumes: ${JSON.stringify(name)}`);
  if (frames.some((frame) => frame.decoded > largestFrame || frame.stored > largestFrame)) throw damagedManifest(subject, `the frames of ${name} are larger than frames can be`);
}

/** The volume that holds the chunk, of those that the manifest has described. Throws OBJECT_DAMAGED. */
export function volumeOf<Volume extends { decoded: number }>({ volume: number, offset, length }: ManifestChunk, volumes: ReadonlyMap<number, Volume>, subject: string): Volume {
  const volume = volumes.get(number);
  if (!volume) throw damagedManifest(subject, `it speaks of a volume ${number} that it does not describe`);
  if (offset + length > volume.decoded) throw damagedManifest(subject, 'a chunk lies behind the end of its volume');
  if (length === 0 || length > largestChunk) throw damagedManifest(subject, `a chunk has ${length} bytes`);
  return volume;
}

/** `volumes/…`, `files/…`, or the path of a file below its source; never a manifest, a key, or a path that leads out. */
function isVolumeName(name: string): boolean {
  const folder = name.slice(0, Math.max(0, name.indexOf('/')));
  if (pathDanger(name) !== null || !sourcePattern.test(folder)) return false;
  return folder === 'volumes' || folder === 'files' || !ownFolders.includes(folder);
}

export function damagedManifest(subject: string, reason: string): BatError {
  return new BatError('OBJECT_DAMAGED', `The manifest ${subject} is damaged: ${reason}.`, {
    hint: 'Restore from another target, or another snapshot.',
    subject,
  });
}
