/** Who sends a request: by a token in its Authorization header, or by the session of the page. */
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie } from 'hono/cookie';
import type { ServerContext, ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';
import { recordOf } from '../record-request.ts';
import { isPublic } from './public-paths.ts';
import { hashToken, looksLikeToken, ownerOf } from './tokens.ts';
import { everybody, userOf } from './users.ts';

export const sessionCookie = 'bat-session';

/** Puts `user` into the request. Throws ServerError UNAUTHENTICATED. */
export function authenticate({ settings, sessions }: ServerContext): MiddlewareHandler<ServerEnvironment> {
  const open = everybody(settings);
  return async (c, next) => {
    if (isPublic(c.req.method, c.req.path)) return next();
    const user = open ?? userOf(find(c));
    c.set('user', user);
    recordOf(c.env.incoming).user = user.name;
    return next();
  };

  function find(c: Context<ServerEnvironment>): (typeof settings.users)[number] {
    const header = c.req.header('authorization');
    if (header !== undefined) {
      const token = tokenOf(header);
      const owner = token === null ? null : ownerOf(hashToken(token), settings.users);
      if (!owner) throw new ServerError('UNAUTHENTICATED', 'This token is not known here.', { hint: 'Make one with `bat serve token` on the server and put its hash into the settings.', headers: challenge });
      return owner;
    }
    const id = getCookie(c, sessionCookie);
    const owner = id === undefined ? null : sessions.find(id);
    if (owner) return owner;
    if (id !== undefined) deleteCookie(c, sessionCookie, { path: '/' });
    throw new ServerError('UNAUTHENTICATED', id === undefined ? 'This takes a token.' : 'The session is over.', { hint: id === undefined ? 'Send it as "Authorization: Bearer bat_…", or as the password: curl -u NAME.' : 'Sign in again.', headers: challenge });
  }
}

/** Not Basic: a browser would ask for a password in a window of its own, and keep it. */
const challenge = { 'WWW-Authenticate': 'Bearer realm="bat"' };

/** The token of a header `Bearer …`, or of `Basic …` as the password, whatever the name; null if it has none of the right form. */
export function tokenOf(header: string): string | null {
  const [, scheme = '', value = ''] = /^(bearer|basic) +([\w~+/.=-]{1,500})$/i.exec(header.trim()) ?? [];
  const token = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('utf8').replace(/^[^:]*:/, '') : value;
  return looksLikeToken(token) ? token : null;
}
