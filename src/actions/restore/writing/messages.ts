/** What is written, what came of it, and how the main thread and the writing thread tell each other. */
import { BatError, systemCode, type ErrorCode } from '../../../core/errors.ts';

/** A chunk at its place in a file, and what has to be known of the file to write it. */
export interface FilePiece {
  /** Of the file, in the list. */
  id: number;
  /** Where it is written, and where it goes when it is whole. */
  temporary: string;
  path: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: string;
  size: number;
  sparse: boolean;
  /** Of the whole file, in hex; null for one without bytes. */
  sha256: string | null;
  /** How many chunks the file has, at most one of which is written in one go. */
  parts: number;
  /** Of the chunk, in the file. */
  position: number;
  length: number;
}

/** What became of a file. */
export interface FileEnd {
  /** What is wrong with its attributes, though it is there. */
  problem: string | null;
  /** Why it is not there; null if it is. */
  error: unknown;
  /** It took the place of an empty folder. */
  tookFolder: boolean;
}

/** It is there, and as it should be. */
export const wellDone: FileEnd = { problem: null, error: null, tookFolder: false };

export type ToThread =
  /** `pieces`: as `packPieces` gives them; their bytes lie one behind the other in the memory. */
  | { type: 'write'; memory: SharedArrayBuffer; pieces: string }
  /** The file will not get all of its chunks. */
  | { type: 'drop'; id: number }
  /** Nothing more comes: files that are not whole are removed. */
  | { type: 'end' };

export type FromThread = Written | { type: 'ended' } | { type: 'bug'; error: Error };

/** The pieces of one message are written. */
export interface Written {
  type: 'written';
  /** The pieces that ended their files, by their place in the message. */
  ended: number[];
  /** Those of them that did not end well. */
  odd: Map<number, PackedEnd>;
}

interface PackedEnd {
  problem: string | null;
  tookFolder: boolean;
  error: { message: string; code: unknown; errno: unknown; syscall: unknown; isOurs: boolean } | null;
}

/** One text: a message of many objects costs more than writing small files. */
export function packPieces(pieces: readonly FilePiece[]): string {
  return JSON.stringify(pieces);
}

export function unpackPieces(text: string): FilePiece[] {
  return JSON.parse(text) as FilePiece[];
}

/** Throws an error that no disk is to blame for: a bug. */
export function packEnd({ problem, error, tookFolder }: FileEnd): PackedEnd {
  if (error === null) return { problem, tookFolder, error: null };
  const isOurs = error instanceof BatError;
  if (!isOurs && systemCode(error) === undefined) throw error;
  const { message, code, errno, syscall } = error as NodeJS.ErrnoException;
  return { problem, tookFolder, error: { message, code, errno, syscall, isOurs } };
}

export function unpackEnd({ problem, error, tookFolder }: PackedEnd): FileEnd {
  if (error === null) return { problem, tookFolder, error };
  const { message, code, errno, syscall, isOurs } = error;
  return { problem, tookFolder, error: isOurs ? new BatError(code as ErrorCode, message) : Object.assign(new Error(message), { code, errno, syscall }) };
}
