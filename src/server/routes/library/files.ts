/** Files and folders by their paths. */
import { requireRight } from '../../access/rights.ts';
import { readJson } from '../../body.ts';
import type { Route } from '../../context.ts';
import { ServerError } from '../../errors.ts';
import { pathAfter } from '../../request-path.ts';
import { keepingAlive } from '../stores/keeping-alive.ts';
import { allowed, giverOf, ifMatch, isAsked, libraryPathAfter, queryOf } from './asked.ts';
import { limitOf } from './questions.ts';
import { sendFile } from './send-file.ts';

const usualPage = 1000;
const mostOnPage = 10_000;

export const fileRoutes: Route = (app, context) => {
  const { library } = context;

  app.get('/files', (c) => {
    requireRight(c, 'read');
    const folders = library.folders().filter(({ id }) => c.var.user.mayUseFolder(id));
    // Where they lie on the server is nobody's business; a quota that is undefined is left out.
    return c.json({ folders: folders.map(({ id, quota, files, bytes }) => ({ id, files, bytes, quota })) });
  });

  app.get('/files/*', async (c) => {
    requireRight(c, 'read');
    const path = pathAfter(c, '/files/');
    allowed(c, path);
    if (!path.endsWith('/')) return sendFile(c, context, path);
    const after = queryOf(c, 'after');
    return c.json(await library.list(path.slice(0, -1), { limit: limitOf(c, usualPage, mostOnPage), ...(after !== undefined && { after }) }));
  });

  app.delete('/files/*', async (c) => {
    requireRight(c, 'delete');
    await keepingAlive(c, () => library.remove(libraryPathAfter(c, '/files/'), { recursive: isAsked(c, 'recursive'), ...ifMatch(c) }));
    return c.body(null, 204);
  });

  app.patch('/files/*', async (c) => {
    requireRight(c, 'add');
    const path = libraryPathAfter(c, '/files/');
    const { to, copy } = targetOf(await readJson(c));
    requireRight(c, copy ? 'read' : 'delete');
    allowed(c, to);
    const still = ifMatch(c);
    await keepingAlive(c, () => (copy ? library.copy(path, to, { giver: giverOf(c), ...still }) : library.move(path, to, still)));
    return c.json({ path: to });
  });

  app.post('/folders', async (c) => {
    requireRight(c, 'add');
    const path: unknown = ((await readJson(c)) as { path?: unknown } | null)?.path;
    if (typeof path !== 'string') throw new ServerError('BAD_REQUEST', 'The path is missing.', { hint: '{"path": "photos/2024"}' });
    await library.makeFolder(allowed(c, path));
    return c.json({ path }, 201);
  });
};

function targetOf(body: unknown): { to: string; copy: boolean } {
  const { to, copy = false } = (body ?? {}) as { to?: unknown; copy?: unknown };
  if (typeof to !== 'string' || typeof copy !== 'boolean') throw new ServerError('BAD_REQUEST', 'It is not said where to.', { hint: '{"to": "photos/new/name.jpg"}' });
  return { to, copy };
}
