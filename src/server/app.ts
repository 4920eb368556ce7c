/** The whole of what the server answers: what each request must pass, then the routes, then errors as JSON. */
import { Hono } from 'hono';
import { authenticate } from './access/authenticate.ts';
import { refuseOtherHosts, refuseOtherSites } from './access/origin.ts';
import { answerError } from './answer-error.ts';
import type { ServerContext, ServerEnvironment } from './context.ts';
import { ServerError } from './errors.ts';
import { refuseOddPaths } from './request-path.ts';
import { routes } from './routes/index.ts';

export type ServerApp = Hono<ServerEnvironment>;

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export function makeApp(context: ServerContext): ServerApp {
  const areas = makeAreas(context);
  const app = new Hono<ServerEnvironment>();
  app.onError((error, c) => answerError(error, c, context));
  app.use(refuseOddPaths, refuseOtherHosts(context), refuseOtherSites(context), authenticate(context));
  app.route('/', areas);
  app.notFound((c) => {
    const allowed = methodsOf(areas, c.req.path);
    if (allowed.length === 0) throw new ServerError('NOT_FOUND', 'There is nothing of that name.', { hint: 'GET /openapi.yaml says what there is.' });
    const headers = { Allow: allowed.join(', ') };
    if (c.req.method === 'OPTIONS') return c.body(null, 204, headers);
    throw new ServerError('METHOD_NOT_ALLOWED', `${c.req.method} means nothing here.`, { hint: `It takes ${allowed.join(', ')}.`, headers });
  });
  return app;
}

/** The routes alone: what there is, to anybody who may have it. */
export function makeAreas(context: ServerContext): ServerApp {
  const areas: ServerApp = new Hono<ServerEnvironment>();
  for (const add of routes) add(areas, context);
  return areas;
}

function methodsOf(areas: ServerApp, path: string): string[] {
  const has = (method: string): boolean => areas.router.match(method, path)[0].length > 0;
  const allowed = methods.filter((method) => has(method === 'HEAD' ? 'GET' : method));
  return allowed.length === 0 ? [] : [...allowed, 'OPTIONS'];
}
