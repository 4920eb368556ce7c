/** The path of a request as it was sent. The URL that a route sees has been tidied up: `..` is gone from it, and what it would have meant with it. */
import type { Context, MiddlewareHandler } from 'hono';
import type { ServerEnvironment } from './context.ts';
import { ServerError } from './errors.ts';

/** Throws ServerError NAME_REFUSED or BAD_REQUEST for a path that could be meant for something else than it seems, however it is encoded. */
export const refuseOddPaths: MiddlewareHandler<ServerEnvironment> = async (c, next) => {
  const target = c.env.incoming.url ?? '';
  if (!target.startsWith('/')) throw new ServerError('BAD_REQUEST', 'The server is no proxy.');
  const path = decoded(target.split('?', 1)[0]!);
  if (path.split(/[/\\]/).some((part) => part === '.' || part === '..')) throw new ServerError('NAME_REFUSED', 'A path may hold neither "." nor ".." as a part.');
  if (path.includes('\0')) throw new ServerError('NAME_REFUSED', 'A path may hold no NUL.');
  return next();
};

/** What stands behind `prefix` in the path, decoded once: `photos/2024/a.jpg` of `/files/photos/2024/a.jpg`. Throws ServerError BAD_REQUEST. */
export function pathAfter(c: Context<ServerEnvironment>, prefix: string): string {
  const path = c.env.incoming.url!.split('?', 1)[0]!;
  if (!path.startsWith(prefix)) throw new ServerError('BAD_REQUEST', `The path does not start with ${prefix}.`);
  return decoded(path.slice(prefix.length));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new ServerError('BAD_REQUEST', 'The path is not percent-encoded UTF-8.', { cause });
  }
}
