/** One file on its way to the server. */
import type { ApiError } from '../api/request.ts';

export type State =
  | { kind: 'waiting' }
  | { kind: 'reading'; done: number }
  | { kind: 'asking' }
  | { kind: 'sending'; sent: number }
  /** The server has it, flushed and under its name. `known`: it had the content before; then the path may be hidden from this person. */
  | { kind: 'kept'; path: string | null; known: boolean }
  | { kind: 'failed'; error: ApiError | Error }
  | { kind: 'cancelled' };

export interface Item {
  id: number;
  file: File;
  /** The path wanted in the library. */
  to: string;
  state: State;
  /** SHA-256 in hex, once the file was read. */
  hash: string | null;
  /** The most that the server was known to have of it, and how often it was broken off without getting further. */
  best: number;
  tries: number;
  stop: AbortController;
}

export const isOver = ({ state: { kind } }: Item): boolean => kind === 'kept' || kind === 'failed' || kind === 'cancelled';
