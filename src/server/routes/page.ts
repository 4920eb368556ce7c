/** The web page, as `npm run build` made it: an index.html, and beside it files named by their content. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Context } from 'hono';
import { systemCode } from '../../core/errors.ts';
import { pageFolder } from '../../core/page-folder.ts';
import type { Route, ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';
import { pagePolicy } from '../security-headers.ts';

interface Page {
  index: Buffer<ArrayBuffer>;
  /** By name; nothing else is ever served. */
  assets: Map<string, Buffer<ArrayBuffer>>;
}

const types: Record<string, string> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };

export const pageRoutes: Route = (app) => {
  let page: Page | null = null;
  // Some hundred kilobytes: read once, when somebody asks for it first.
  const load = (): Page => (page ??= readPage());

  app.get('/', (c) => {
    const { index } = load();
    withPolicy(c);
    // The files beside it have new names when they change: only this one must be asked for each time.
    c.header('Cache-Control', 'no-cache');
    return c.body(index, 200, { 'Content-Type': 'text/html; charset=utf-8' });
  });

  app.get('/assets/:name', (c) => {
    const name = c.req.param('name');
    const bytes = load().assets.get(name);
    if (!bytes) throw new ServerError('NOT_FOUND', 'There is nothing of that name.', { hint: 'Reload the page: it was made anew.' });
    withPolicy(c);
    c.header('Cache-Control', 'public, max-age=31536000, immutable');
    return c.body(bytes, 200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' });
  });
};

/** A worker goes by the policy of its own file. */
function withPolicy(c: Context<ServerEnvironment>): void {
  c.header('Content-Security-Policy', pagePolicy);
}

/** Throws ServerError NOT_FOUND where the page was not made. */
function readPage(): Page {
  try {
    const assets = join(pageFolder, 'assets');
    const read = (name: string): [string, Buffer<ArrayBuffer>] => [name, readFileSync(join(assets, name))];
    return { index: readFileSync(join(pageFolder, 'index.html')), assets: new Map(readdirSync(assets).map(read)) };
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause;
    throw new ServerError('NOT_FOUND', 'This bat was put together without its web page.', { hint: 'Run "npm run build" where it was installed from.', cause });
  }
}
