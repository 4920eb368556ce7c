/** The asset that notes of one machine and catalog are kept in. docs/format.md, "Objects in parts". */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { BatError } from '../../core/errors.ts';
import { readAgain } from '../../core/read-again.ts';
import { decodeSummed, encodeSummed } from '../../core/summed-json.ts';
import type { CloudinaryStore } from './store.ts';

/** Parts that may lie there, and that nobody needs unless the list of the object's parts names them. */
export interface Note {
  name: string;
  stem: string;
  /** How many numbers in a row may be free before one that is not. */
  gap: number;
  /** The id of the upload that they are of. */
  upload?: string;
  /** They are being removed: so many of them. */
  drop?: number;
}

export interface NoteFile {
  notes: readonly Note[];
  /** Milliseconds since 1970. */
  written: number;
}

/** Null if there is none; what is damaged says nothing. */
export async function readNotes(store: CloudinaryStore, publicId: string, signal?: AbortSignal): Promise<NoteFile | null> {
  try {
    return await readAgain(async () => {
      const bytes = await store.ranges.whole(publicId, signal);
      return bytes && decodeNotes(bytes, publicId);
    });
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'OBJECT_DAMAGED') throw error;
    return { notes: [], written: 0 };
  }
}

export function encodeNotes({ notes, written }: NoteFile): Buffer {
  return encodeSummed({ host: hostname(), written: new Date(written).toISOString(), notes }, 1);
}

/** The same after a restart: what was under way at a power cut is found by it. `writer`: as the context of a target has it. */
export function ownerOf(writer: string): string {
  return createHash('sha256').update([hostname(), machineId(), writer].join('\n')).digest('hex').slice(0, 12);
}

function decodeNotes(bytes: Uint8Array, publicId: string): NoteFile {
  const { notes, written } = decodeSummed(bytes) ?? {};
  if (!Array.isArray(notes)) throw new BatError('OBJECT_DAMAGED', `${publicId} is damaged.`, { subject: publicId });
  return { notes: notes.filter(isNote), written: Date.parse(String(written)) || 0 };
}

function isNote(note: Partial<Note> | null): note is Note {
  return typeof note?.name === 'string' && typeof note.stem === 'string' && Number.isSafeInteger(note.gap);
}

/** Not every system has one; the name alone must do there. */
function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}
