/**
 * Requests that another site makes a browser send. The session cookie is SameSite=Strict, so they would come without it; but where
 * there are no users no cookie is needed, and an old browser may not know the word. Browsers say where a request comes from, and programs do not.
 */
import type { MiddlewareHandler } from 'hono';
import type { ServerContext, ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';
import { inUrl, isLoopback } from '../settings/listen-address.ts';
import { isPublic } from './public-paths.ts';

/** Throws ServerError CROSS_SITE. A link from elsewhere may lead to the page. */
export function refuseOtherSites({ settings }: ServerContext): MiddlewareHandler<ServerEnvironment> {
  return async (c, next) => {
    if (!isPublic(c.req.method, c.req.path)) {
      const site = c.req.header('sec-fetch-site');
      const origin = c.req.header('origin');
      if ((site !== undefined && site !== 'same-origin' && site !== 'none') || (origin !== undefined && !isOwn(origin, c.req.header('host') ?? ''))) {
        throw new ServerError('CROSS_SITE', 'Another site sent this request.', { hint: 'Open the page of the server itself.' });
      }
    }
    return next();
  };

  /** Behind a proxy that speaks TLS for it the server sees HTTP where the browser sees HTTPS. */
  function isOwn(origin: string, host: string): boolean {
    const scheme = /^(https?):\/\//.exec(origin)?.[1];
    if (scheme === undefined || (settings.tls && scheme !== 'https')) return false;
    return origin.slice(`${scheme}://`.length).toLowerCase() === host.toLowerCase();
  }
}

/**
 * Without users the name by which the server was called must be one of this machine. Else a site whose name is made to point here
 * ("DNS rebinding") would be the same site for a browser, and could do all. Throws ServerError WRONG_HOST.
 */
export function refuseOtherHosts({ settings }: ServerContext): MiddlewareHandler<ServerEnvironment> {
  return async (c, next) => {
    const host = (c.req.header('host') ?? '').replace(/:\d*$/, '');
    if (settings.users.length === 0 && !isLoopback(host.replace(/^\[|\]$/g, '')) && host.toLowerCase() !== inUrl(settings.listen.host).toLowerCase()) {
      throw new ServerError('WRONG_HOST', 'This server is not called by that name.', { hint: 'Call it by the address that it listens on, or give it users.' });
    }
    return next();
  };
}
