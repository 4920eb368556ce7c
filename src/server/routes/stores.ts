/** The stores, for `http` targets: what a run, a restore and a sweep ask for. docs/targets-http.md says who may what. */
import type { Context } from 'hono';
import { requireAnyRight, requireRight } from '../access/rights.ts';
import { sendStream } from '../body.ts';
import type { Route, ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';
import { pathAfter } from '../request-path.ts';
import { isForWriters, isScratch } from '../stores/names.ts';
import type { PlanStore } from '../stores/plan-store.ts';
import { rangeOf } from '../stores/range.ts';
import { announced } from '../stores/receive.ts';
import { Stores } from '../stores/stores.ts';
import { uploadRoutes } from './stores/uploads.ts';
import { keepingAlive } from './stores/keeping-alive.ts';
import { refusing } from './stores/refusing.ts';

type Asked = Context<ServerEnvironment>;

/** Lines that are written at a time. */
const linesAtATime = 256;

export const storeRoutes: Route = (app, context) => {
  const stores = new Stores(context.settings);
  const storeOf = (c: Asked): Promise<PlanStore> => stores.of(c.req.param('plan') ?? '', c.var.user);

  app.get('/stores', async (c) => {
    requireAnyRight(c, 'read', 'add', 'delete');
    return c.json({ stores: (await stores.plansFor(c.var.user)).map((plan) => ({ plan })) });
  });

  app.get('/stores/:plan', async (c) => {
    requireAnyRight(c, 'read', 'add');
    const store = await storeOf(c);
    return c.json(await describe(c, store));
  });

  app.put('/stores/:plan', async (c) => {
    requireRight(c, 'add');
    const store = await storeOf(c);
    await stores.make(store);
    return c.json(await describe(c, store));
  });

  /** An empty folder holds nothing that could be lost. */
  app.delete('/stores/:plan', async (c) => {
    requireAnyRight(c, 'add', 'delete');
    await stores.unmake(await storeOf(c));
    return c.body(null, 204);
  });

  app.get('/stores/:plan/objects', async (c) => {
    requireAnyRight(c, 'read', 'add');
    const store = await storeOf(c);
    const prefix = c.req.query('prefix') ?? '';
    return sendStream(c, context, 200, { 'Content-Type': 'application/jsonl' }, linesOf(await store.list(prefix, context.signal)));
  });

  app.get('/stores/:plan/objects/*', async (c) => {
    const store = await storeOf(c);
    const name = nameOf(c, store);
    if (c.req.method === 'HEAD') return stat(c, store, name);
    confirmMayRead(c, store, name);
    const { handle, size, modified } = await store.open(name);
    try {
      const range = rangeOf(c.req.header('range'), size);
      const length = range ? range.end - range.start + 1 : size;
      const headers = { 'Content-Type': 'application/octet-stream', 'Accept-Ranges': 'bytes', 'Content-Length': length, 'Last-Modified': modified.toUTCString() };
      const part = range ? { 'Content-Range': `bytes ${range.start}-${range.end}/${size}` } : {};
      const body = length === 0 ? empty() : handle.createReadStream({ autoClose: false, start: range?.start ?? 0, end: range?.end ?? size - 1, highWaterMark: 256 * 1024 });
      return await sendStream(c, context, range ? 206 : 200, { ...headers, ...part }, body);
    } finally {
      await handle.close();
    }
  });

  app.put('/stores/:plan/objects/*', (c) =>
    refusing(c, async () => {
      requireRight(c, 'add');
      const store = await storeOf(c);
      const name = nameOf(c, store);
      const said = announced(c.env.incoming, context.settings.limits.upload);
      return c.json(await keepingAlive(c, () => store.put(name, c.env.incoming, said, c.var.user)), 201);
    }),
  );

  app.delete('/stores/:plan/objects/*', async (c) => {
    requireAnyRight(c, 'add', 'delete');
    const store = await storeOf(c);
    await store.remove(nameOf(c, store), c.var.user);
    return c.body(null, 204);
  });

  uploadRoutes(app, context, storeOf);
};

/** What a target asks before anything else. */
async function describe(c: Asked, store: PlanStore): Promise<object> {
  const { rights } = c.var.user;
  return { plan: store.plan, stored: await store.isThere(), mayRead: rights.has('read'), mayAdd: rights.has('add'), mayRemove: rights.has('delete'), time: new Date().toISOString() };
}

async function stat(c: Asked, store: PlanStore, name: string): Promise<Response> {
  requireAnyRight(c, 'read', 'add');
  const found = await store.stat(name);
  if (!found) {
    await store.confirmThere();
    throw new ServerError('NOT_FOUND', `There is no object ${name}.`);
  }
  return c.body(null, 200, { 'Content-Type': 'application/octet-stream', 'Accept-Ranges': 'bytes', 'Content-Length': String(found.size) });
}

/** Who may only add reads what a run has to look at again, and nothing that could be restored. */
function confirmMayRead(c: Asked, { plan }: PlanStore, name: string): void {
  if (c.var.user.rights.has('add') && (isForWriters(name) || isScratch(plan))) return;
  requireRight(c, 'read');
}

function nameOf(c: Asked, { plan }: PlanStore): string {
  return pathAfter(c, `/stores/${plan}/objects/`);
}

/** The last line says that it was all. */
async function* linesOf(objects: AsyncIterable<{ name: string; size: number }>): AsyncGenerator<Buffer> {
  let count = 0;
  let lines: string[] = [];
  for await (const { name, size } of objects) {
    count++;
    if (lines.push(JSON.stringify({ name, size })) < linesAtATime) continue;
    yield Buffer.from(`${lines.join('\n')}\n`);
    lines = [];
  }
  lines.push(JSON.stringify({ end: count }));
  yield Buffer.from(`${lines.join('\n')}\n`);
}

async function* empty(): AsyncGenerator<Uint8Array> {}
