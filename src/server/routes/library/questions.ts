/** What the library knows: which content is here, what is called how, and the whole table. */
import type { TableFile } from '../../../library/types.ts';
import { requireAnyRight, requireFolder, requireRight } from '../../access/rights.ts';
import { readJson, sendStream } from '../../body.ts';
import type { Route } from '../../context.ts';
import { ServerError } from '../../errors.ts';
import { keepingAlive } from '../stores/keeping-alive.ts';
import { hashOf, isAsked, queryOf, type Asked } from './asked.ts';

const mostHashes = 10_000;
const mostFound = 1000;
const usuallyFound = 100;
const linesAtATime = 256;

export const questionRoutes: Route = (app, context) => {
  const { library } = context;

  app.post('/check', async (c) => {
    requireAnyRight(c, 'read', 'add');
    const hashes = hashesOf(await readJson(c, 2 ** 21));
    const mayRead = c.var.user.rights.has('read');
    const found = await keepingAlive(c, () => library.check(hashes.map(hashOf), (folder) => c.var.user.mayUseFolder(folder)));
    const known = hashes.flatMap((hash, index) => (found[index] ? [[hash, mayRead ? found[index].path : null] as const] : []));
    return c.json({ missing: hashes.filter((_, index) => !found[index]), known: Object.fromEntries(known) });
  });

  app.post('/sync', async (c) => {
    requireAnyRight(c, 'read', 'add');
    const folder = folderOf(c);
    const ids = folder === undefined ? usable(c) : [folder];
    const report = await keepingAlive(c, () => library.sync({ folders: ids, reread: isAsked(c, 'reread') }));
    // These name files.
    return c.json(c.var.user.rights.has('read') ? report : { ...report, unseen: [], notes: [] });
  });

  app.get('/search', async (c) => {
    requireRight(c, 'read');
    const words = queryOf(c, 'q');
    if (words === undefined) throw new ServerError('BAD_REQUEST', 'The words to look for are missing.', { hint: 'GET /search?q=harbour' });
    const folder = folderOf(c);
    const limit = limitOf(c, usuallyFound, mostFound);
    const within = (id: string): boolean => (folder === undefined ? c.var.user.mayUseFolder(id) : id === folder);
    const found = await library.search(words, { within, limit: limit + 1 });
    return c.json({ files: found.slice(0, limit), more: found.length > limit });
  });

  app.get('/table', async (c) => {
    requireRight(c, 'read');
    const folder = folderOf(c);
    const ids = folder === undefined ? usable(c) : [folder];
    return sendStream(c, context, 200, { 'Content-Type': 'application/jsonl' }, lines(ids));
  });

  function usable({ var: { user } }: Asked): string[] {
    return library.folders().flatMap(({ id }) => (user.mayUseFolder(id) ? [id] : []));
  }

  /** Throws ServerError DENIED, NOT_FOUND. */
  function folderOf(c: Asked): string | undefined {
    const folder = queryOf(c, 'folder');
    if (folder === undefined) return undefined;
    requireFolder(c, folder);
    return library.locate(folder).folder;
  }

  async function* lines(ids: readonly string[]): AsyncGenerator<Buffer> {
    // The head is a line, too.
    let count = 1;
    let waiting: string[] = [JSON.stringify({ table: 1, folders: ids })];
    for (const id of ids) {
      for await (const file of library.each(id)) {
        count++;
        waiting.push(JSON.stringify(file satisfies TableFile));
        if (waiting.length < linesAtATime) continue;
        yield Buffer.from(`${waiting.join('\n')}\n`);
        waiting = [];
      }
    }
    waiting.push(JSON.stringify({ end: count }));
    yield Buffer.from(`${waiting.join('\n')}\n`);
  }
};

/** Throws ServerError BAD_REQUEST. */
export function limitOf(c: Asked, usual: number, most: number): number {
  const text = queryOf(c, 'limit');
  if (text === undefined) return usual;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new ServerError('BAD_REQUEST', 'The limit must be a number above 0.');
  return Math.min(Number(text), most);
}

function hashesOf(body: unknown): string[] {
  const hashes: unknown = (body as { hashes?: unknown } | null)?.hashes;
  if (!Array.isArray(hashes) || hashes.some((hash) => typeof hash !== 'string')) throw new ServerError('BAD_REQUEST', 'The hashes are missing.', { hint: '{"hashes": ["sha256:…", "md5:…"]}' });
  if (hashes.length > mostHashes) throw new ServerError('BAD_REQUEST', `${mostHashes} hashes at a time are the most.`, { hint: 'Ask several times.' });
  return hashes as string[];
}
