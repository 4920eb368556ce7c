/** What a request to the library names. */
import type { Context } from 'hono';
import { parseContentHash, type ContentHash } from '../../../library/content-hash.ts';
import type { Giver } from '../../../library/types.ts';
import { requireFolder } from '../../access/rights.ts';
import type { ServerEnvironment } from '../../context.ts';
import { ServerError } from '../../errors.ts';
import { pathAfter } from '../../request-path.ts';

export type Asked = Context<ServerEnvironment>;

/** A value of the query, or undefined. Throws ServerError BAD_REQUEST for what is not percent-encoded UTF-8. */
export function queryOf(c: Asked, name: string): string | undefined {
  const query = c.env.incoming.url!.split('?').slice(1).join('?');
  for (const pair of query.split('&')) {
    const [key = '', ...value] = pair.split('=');
    if (key === name) return decoded(value.join('='));
  }
  return undefined;
}

/** `?recursive`, `?recursive=true`. */
export function isAsked(c: Asked, name: string): boolean {
  const value = queryOf(c, name);
  return value !== undefined && value !== 'false';
}

/** The path of a file or folder of the library, in a folder that the user may use. Throws ServerError BAD_REQUEST, DENIED. */
export function libraryPathAfter(c: Asked, prefix: string): string {
  return allowed(c, pathAfter(c, prefix));
}

export function allowed(c: Asked, path: string): string {
  requireFolder(c, path.split('/', 1)[0]!);
  return path;
}

/** Throws ServerError BAD_REQUEST for what is no hash. */
export function hashOf(text: string): ContentHash {
  const hash = parseContentHash(text);
  if (!hash) throw new ServerError('BAD_REQUEST', `${JSON.stringify(text.slice(0, 100))} is no hash.`, { hint: 'A hash is sha256: and 64 hexadecimal digits, or md5: and 32.' });
  return hash;
}

/** The hash that `If-Match` names, of the file as somebody has seen it. */
export function ifMatch(c: Asked): { sha256?: string } {
  const header = c.req.header('if-match');
  if (header === undefined || header.trim() === '*') return {};
  const sha256 = /^"([0-9a-f]{64})"$/.exec(header.trim())?.[1];
  if (sha256 === undefined) throw new ServerError('BAD_REQUEST', 'If-Match must be the SHA-256 of the file in quotes.', { hint: 'The ETag of GET /files/… is that.' });
  return { sha256 };
}

export function giverOf({ var: { user } }: Asked): Giver {
  return { name: user.name, ...(user.quota === null ? {} : { quota: user.quota }) };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch (cause) {
    throw new ServerError('BAD_REQUEST', 'The query is not percent-encoded UTF-8.', { cause });
  }
}
