/** `bat.json` on a target: says that the folder is bat's, which store it is, and which catalogs write to it. */
import { BatError } from '../core/errors.ts';
import { decodeSummed, encodeSummed } from '../core/summed-json.ts';

export const markerVersion = 1;

export interface Marker {
  format: number;
  plan: string;
  /** Made once, with the store: another value is another store. */
  store: string;
  /** Of the bat that last wrote it. */
  version: string;
  /** The run that last began to write here. */
  lastRun: string;
  /** What the plan of that run calls this target. Two targets that are one place show by it. */
  target?: string;
  /** The catalogs that have written here, oldest first. lastRun: the last run of each that began to; older bats did not say. */
  writers: { id: string; host: string; since: string; lastRun?: string }[];
}

export function encodeMarker(marker: Marker): Buffer {
  return encodeSummed(marker, 2);
}

/** Throws OBJECT_DAMAGED, or FORMAT_UNSUPPORTED for a store that a newer bat made. */
export function decodeMarker(bytes: Uint8Array, subject: string): Marker {
  const marker = decodeSummed(bytes) as Marker | null;
  if (marker === null || !Number.isInteger(marker.format)) throw damaged(subject);
  if (marker.format > markerVersion) {
    throw new BatError('FORMAT_UNSUPPORTED', `${subject} was written by a newer bat (format ${marker.format}).`, { hint: 'Update bat, then try again.', subject });
  }
  if (typeof marker.store !== 'string' || typeof marker.lastRun !== 'string' || !Array.isArray(marker.writers)) throw damaged(subject);
  return marker;
}

function damaged(subject: string): BatError {
  return new BatError('OBJECT_DAMAGED', `${subject} is damaged.`, {
    hint: 'Restores work without it. To write to this target again, remove it and run once with --new-target.',
    subject,
  });
}
