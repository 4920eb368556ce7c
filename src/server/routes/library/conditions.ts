/** What a request wants to be so before a file is sent: the conditions and ranges of HTTP (RFC 9110, 13 and 14). */
import type { OpenFile } from '../../../library/types.ts';
import { ServerError } from '../../errors.ts';
import { rangeOf, type Range } from '../../stores/range.ts';
import type { Asked } from './asked.ts';

export interface FileTags {
  /** The SHA-256 in quotes; where it is not known yet a weak one, by which no part is sent. */
  etag: string;
  lastModified: string;
}

export function tagsOf({ sha256, stamp, mtime }: OpenFile): FileTags {
  const etag = sha256 === undefined ? `W/"${stamp.replaceAll(':', '-')}"` : `"${sha256}"`;
  return { etag, lastModified: new Date(Math.floor(Number(mtime)) * 1000).toUTCString() };
}

/** True where the one who asks has the file already. Throws ServerError PRECONDITION_FAILED. */
export function isNotModified(c: Asked, { etag, lastModified }: FileTags): boolean {
  const match = c.req.header('if-match');
  if (match !== undefined && !names(match, etag, false)) throw new ServerError('PRECONDITION_FAILED', 'The file is another one by now.');
  const unmodified = c.req.header('if-unmodified-since');
  if (match === undefined && unmodified !== undefined && Date.parse(lastModified) > Date.parse(unmodified)) throw new ServerError('PRECONDITION_FAILED', 'The file was changed since then.');
  const noneMatch = c.req.header('if-none-match');
  if (noneMatch !== undefined) return names(noneMatch, etag, true);
  const modified = c.req.header('if-modified-since');
  return modified !== undefined && Date.parse(lastModified) <= Date.parse(modified);
}

/** The part that is asked for; null for the whole, also where `If-Range` names another file. Throws ServerError RANGE_REFUSED. */
export function partOf(c: Asked, { etag, lastModified }: FileTags, size: number): Range | null {
  const ifRange = c.req.header('if-range')?.trim();
  if (ifRange !== undefined && !(ifRange.startsWith('"') ? ifRange === etag : ifRange === lastModified)) return null;
  return rangeOf(c.req.header('range'), size);
}

/** `weakly`: a weak tag will do. */
function names(header: string, etag: string, weakly: boolean): boolean {
  if (header.trim() === '*') return true;
  if (!weakly && etag.startsWith('W/')) return false;
  const bare = (tag: string): string => (weakly ? tag.trim().replace(/^W\//, '') : tag.trim());
  return header.split(',').some((tag) => bare(tag) === bare(etag));
}
