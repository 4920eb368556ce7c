/** The part of an object that a request asks for. */
import { ServerError } from '../errors.ts';

export interface Range {
  start: number;
  /** The last byte, as in HTTP. */
  end: number;
}

/** Null for the whole; a header that asks for several parts, or cannot be read, asks for the whole, as HTTP has it. Throws ServerError RANGE_REFUSED. */
export function rangeOf(header: string | undefined, size: number): Range | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (!match || (first === '' && last === '')) return null;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start <= end) return { start, end };
  throw new ServerError('RANGE_REFUSED', `The object has ${size} bytes, and none in this range.`, { headers: { 'Content-Range': `bytes */${size}` } });
}
