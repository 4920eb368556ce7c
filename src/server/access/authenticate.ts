/** Who sends a request: by a token in its Authorization header, or by the session of the page. */
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie } from 'hono/cookie';
import type { ServerContext, ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';
import { recordOf } from '../record-request.ts';
import type { UserSettings } from '../settings/settings.ts';
import { Guessing } from './guessing.ts';
import { isPublic } from './public-paths.ts';
import { hashToken, looksLikeToken, ownerOf } from './tokens.ts';
import { everybody, userOf } from './users.ts';

export const sessionCookie = 'bat-session';

/** Puts `user` into the request. Throws ServerError UNAUTHENTICATED or GUESSING. */
export function authenticate({ settings, sessions }: ServerContext): MiddlewareHandler<ServerEnvironment> {
  const open = everybody(settings);
  const guessing = new Guessing(settings.users);
  return async (c, next) => {
    if (isPublic(c.req.method, c.req.path)) return next();
    const user = open ?? userOf(find(c));
    c.set('user', user);
    recordOf(c.env.incoming).user = user.name;
    return next();
  };

  function find(c: Context<ServerEnvironment>): UserSettings {
    const header = c.req.header('authorization');
    if (header !== undefined) return byToken(header, recordOf(c.env.incoming).address);
    const id = getCookie(c, sessionCookie);
    if (id === undefined) throw refused('This takes a token.', 'Send it as "Authorization: Bearer bat_…", or as the password: curl -u NAME.');
    const owner = sessions.find(id);
    if (owner) return owner;
    deleteCookie(c, sessionCookie, { path: '/' });
    guessing.wrong(recordOf(c.env.incoming).address, null);
    throw refused('The session is over.', 'Sign in again.');
  }

  function byToken(header: string, address: string): UserSettings {
    const token = tokenOf(header);
    const hash = token === null ? null : hashToken(token);
    if (hash) guessing.beforeLook(address, hash);
    const owner = hash && ownerOf(hash, settings.users);
    if (owner) return owner;
    guessing.wrong(address, hash);
    throw refused('This token is not known here.', 'Make one with `bat serve token` on the server and put its hash into the settings.');
  }
}

function refused(message: string, hint: string): ServerError {
  return new ServerError('UNAUTHENTICATED', message, { hint, headers: challenge });
}

/** Not Basic: a browser would ask for a password in a window of its own, and keep it. */
const challenge = { 'WWW-Authenticate': 'Bearer realm="bat"' };

/** The token of a header `Bearer …`, or of `Basic …` as the password, whatever the name; null if it has none of the right form. */
export function tokenOf(header: string): string | null {
  const [, scheme = '', value = ''] = /^(bearer|basic) +([\w~+/.=-]{1,500})$/i.exec(header.trim()) ?? [];
  const token = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('utf8').replace(/^[^:]*:/, '') : value;
  return looksLikeToken(token) ? token : null;
}
