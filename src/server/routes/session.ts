/** Signing in to the page and out of it. */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { sessionCookie, tokenOf } from '../access/authenticate.ts';
import { hashToken } from '../access/tokens.ts';
import type { Route, ServerContext, ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';

export const sessionRoutes: Route = (app, context) => {
  app.get('/session', (c) => c.json(sessionOf(c, context)));

  /** A new id each time, whatever the browser brought along. */
  app.post('/session', async (c) => {
    const token = tokenOf(c.req.header('authorization') ?? '');
    if (context.settings.users.length === 0) return c.json(sessionOf(c, context));
    if (token === null) throw new ServerError('BAD_REQUEST', 'A session is begun with a token, not with another session.', { hint: 'Send "Authorization: Bearer bat_…".' });
    await endOld(c, context);
    const { id, seconds } = await context.sessions.begin(c.var.user.name, hashToken(token));
    setCookie(c, sessionCookie, id, { ...attributes(context), maxAge: seconds });
    return c.json(sessionOf(c, context), 201);
  });

  app.delete('/session', async (c) => {
    await endOld(c, context);
    deleteCookie(c, sessionCookie, attributes(context));
    return c.body(null, 204);
  });
};

async function endOld(c: Context<ServerEnvironment>, { sessions }: ServerContext): Promise<void> {
  const id = getCookie(c, sessionCookie);
  if (id !== undefined) await sessions.end(id);
}

function attributes({ settings }: ServerContext): { path: string; httpOnly: true; sameSite: 'Strict'; secure: boolean } {
  return { path: '/', httpOnly: true, sameSite: 'Strict', secure: settings.tls !== null };
}

/** Who it is, and what that one may do. */
function sessionOf(c: Context<ServerEnvironment>, { settings }: ServerContext): object {
  const { user } = c.var;
  return {
    user: user.name,
    rights: [...user.rights],
    library: settings.library.map(({ id }) => id).filter((id) => user.mayUseFolder(id)),
    stores: settings.stores !== null,
    backups: user.rights.has('read') && (settings.stores !== null || (settings.plans.length > 0 && user.stores === null)),
    users: settings.users.length > 0,
  };
}
