/** What the page shows of backups, and their objects as they are stored. Nothing here writes, and no key comes here. */
import type { Context } from 'hono';
import { isObjectName } from '../../targets/shared/object-names.ts';
import { requireRight, requireStore } from '../access/rights.ts';
import { Looks } from '../backups/look.ts';
import { isGone, type OpenPlace } from '../backups/open-place.ts';
import { PlanFiles } from '../backups/plan-files.ts';
import { Places, type Away } from '../backups/places.ts';
import { asAnswer } from '../backups/refusals.ts';
import { sendObject } from '../backups/send-object.ts';
import type { Route, ServerContext, ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';
import { pathAfter } from '../request-path.ts';

type Asked = Context<ServerEnvironment>;

export const backupsRoutes: Route = (app, context) => {
  const { plans, stores } = context.settings;
  const looks = new Looks();
  const files = new PlanFiles(plans);
  const places = new Places(context.signal);

  app.get('/backups', async (c) => {
    requireRight(c, 'read');
    const { user } = c.var;
    const kept = user.stores === null ? null : [...user.stores].sort();
    const backups = await asAnswer(() => looks.overview({ plans: kept === null ? plans : [], stores: stores?.path ?? null, kept }));
    return c.json({ backups });
  });

  app.get('/backups/plans/:name/snapshots', async (c) => {
    const { plan } = await planOf(c);
    return c.json({ snapshots: await asAnswer(() => looks.snapshots({ type: 'plan-snapshots', file: plan.file })) });
  });
  app.get('/backups/plans/:name/contents', (c) => inPlan(c, async (place, away) => c.json(await contentsOf(place, away))));
  app.get('/backups/plans/:name/objects/*', (c) => {
    const name = objectName(c, 'plans');
    return inPlan(c, (place) => sendObject(c, context, place, name));
  });

  app.get('/backups/stores/:name/snapshots', async (c) => {
    const { path, name } = storeOf(c, context);
    return c.json({ snapshots: await asAnswer(() => looks.snapshots({ type: 'store-snapshots', path, name })) });
  });
  app.get('/backups/stores/:name/contents', (c) => inStore(c, async (place) => c.json(await contentsOf(place, []))));
  app.get('/backups/stores/:name/objects/*', (c) => {
    const name = objectName(c, 'stores');
    return inStore(c, (place) => sendObject(c, context, place, name));
  });

  async function planOf(c: Asked): Promise<NonNullable<Awaited<ReturnType<PlanFiles['find']>>>> {
    requireRight(c, 'read');
    if (c.var.user.stores !== null) throw new ServerError('DENIED', `${c.var.user.name} may not see the plans of this machine.`, { hint: 'The settings of the server keep this user to some stores.' });
    const found = await files.find(c.req.param('name')!);
    if (!found) throw new ServerError('NOT_FOUND', 'The server has no plan of that name.', { hint: '`plans:` in its settings names the files.' });
    return found;
  }

  async function inPlan(c: Asked, work: (place: OpenPlace, away: readonly Away[]) => Promise<Response>): Promise<Response> {
    const found = await planOf(c);
    return twice(async () => {
      const { place, away } = await places.ofPlan(found, c.req.query('target') ?? null);
      return work(place, away);
    });
  }

  function inStore(c: Asked, work: (place: OpenPlace) => Promise<Response>): Promise<Response> {
    const { path, name } = storeOf(c, context);
    return twice(async () => work(await places.ofStore(path, name)));
  }
};

/** A target that was open may have gone meanwhile: then the next one is asked, or the same one anew. */
function twice(work: () => Promise<Response>): Promise<Response> {
  return asAnswer(() => work().catch((error: unknown) => (isGone(error) ? work() : Promise.reject(error))));
}

/** Throws ServerError DENIED, NOT_FOUND. */
function storeOf(c: Asked, { settings: { stores } }: ServerContext): { path: string; name: string } {
  requireRight(c, 'read');
  const name = c.req.param('name')!;
  requireStore(c, name);
  if (!stores || name.includes('/') || !isObjectName(name) || name.startsWith('.')) throw new ServerError('NOT_FOUND', 'The server has no store of that name.');
  return { path: stores.path, name };
}

/** What a page must know to read snapshots. */
async function contentsOf(place: OpenPlace, away: readonly Away[]): Promise<object> {
  const { id, type, location } = place.target;
  const [manifests, lists, keys] = await Promise.all(['manifests/', 'signed/', 'keys/'].map((prefix) => place.list(prefix)));
  const named = (objects: Awaited<ReturnType<OpenPlace['list']>> = []): object[] => objects.map(({ name, size }) => ({ name, size })).sort((one, other) => (one.name < other.name ? -1 : 1));
  return { target: { id, type, location }, away, manifests: named(manifests), lists: named(lists), keys: named(keys) };
}

/** A name that bat gives, and nothing that is hidden. Throws ServerError NAME_REFUSED. */
function objectName(c: Asked, kind: 'plans' | 'stores'): string {
  const name = pathAfter(c, `/backups/${kind}/${encodedName(c)}/objects/`);
  if (!isObjectName(name) || name.split('/').some((part) => part.startsWith('.'))) throw new ServerError('NAME_REFUSED', 'No object has such a name.');
  return name;
}

/** As the path of the request has it. */
function encodedName(c: Asked): string {
  return c.env.incoming.url!.split('/')[3]!;
}
