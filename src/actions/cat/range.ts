/** Which bytes of a file are wanted, as a person writes it. */
import { BatError } from '../../core/errors.ts';
import { parseSize } from '../../core/units.ts';

/** Bytes from `start` to before `end`; without an end to the end of the file; a negative start counts from there. */
export interface ByteRange {
  start: number;
  end: number | null;
}

const shape = /^\s*([\d.]+\s*[a-z]*)?\s*-\s*([\d.]+\s*[a-z]*)?\s*$/i;
const isBare = /^\s*\d+\s*$/;

/**
 * `0-99` is a hundred bytes, as curl and HTTP have it: a bare number is the last byte. `10MiB-11MiB` ends where the unit says, and
 * is one MiB. `100-` is all from there on, `-500` the last 500 bytes. Throws USAGE.
 */
export function parseRange(text: string): ByteRange {
  const [, from, to] = shape.exec(text) ?? [];
  if (from === undefined && to === undefined) throw wrong(text);
  const start = from === undefined ? null : sizeOf(from, text);
  const last = to === undefined ? null : sizeOf(to, text);
  if (start === null) return { start: -last!, end: null };
  if (last === null) return { start, end: null };
  const end = isBare.test(to!) ? last + 1 : last;
  if (end <= start) throw wrong(text);
  return { start, end };
}

/** The part of it that a file of this size has. Throws USAGE if it has none of it. */
export function resolveRange(range: ByteRange | null, size: number, path: string): { start: number; end: number } {
  if (!range) return { start: 0, end: size };
  const start = range.start < 0 || Object.is(range.start, -0) ? Math.max(0, size + range.start) : range.start;
  if (start > size || (start === size && size > 0 && range.end !== null)) {
    throw new BatError('USAGE', `${path} has ${size} bytes: there are none from ${start} on.`, { hint: 'Give a --range that begins before its end.', subject: path });
  }
  return { start, end: Math.min(size, range.end ?? size) };
}

function sizeOf(word: string, text: string): number {
  try {
    return parseSize(word);
  } catch (error) {
    throw wrong(text, error);
  }
}

function wrong(text: string, cause?: unknown): BatError {
  return new BatError('USAGE', `"${text}" is no range of bytes.`, { hint: 'Write it as 0-99, 10MiB-11MiB, 100- (to the end) or -500 (the last ones).', cause });
}
