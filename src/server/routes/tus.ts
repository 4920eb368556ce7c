/** Uploads that can be gone on with after a broken line: https://tus.io/protocols/resumable-upload, by its own server library. */
import { Server } from '@tus/server';
import type { Context } from 'hono';
import { requireFolder, requireRight } from '../access/rights.ts';
import { readBody } from '../body.ts';
import type { Route, ServerContext, ServerEnvironment } from '../context.ts';
import { ServerError, type ServerErrorCode } from '../errors.ts';
import { UploadLocks } from './tus/upload-locks.ts';
import { Uploads } from './tus/uploads.ts';
import { UploadStore } from './tus/upload-store.ts';

/** Milliseconds. */
const sweepEvery = 3_600_000;
/** A file of many gigabytes takes a while to be placed: that the server lives is said so often. */
const signOfLife = 10_000;
/** A request that another one of the same upload asks to end gets so long. */
const drain = 1000;

export const tusRoutes: Route = (app, context) => {
  const uploads = new Uploads(context);
  const locks = new UploadLocks();
  sweepNowAndThen(uploads, context);

  app.on(['OPTIONS', 'POST'], '/uploads', (c) => answer(c));
  app.on(['GET', 'PATCH', 'DELETE', 'OPTIONS'], '/uploads/:id', (c) => {
    if (c.req.method === 'GET') throw new ServerError('METHOD_NOT_ALLOWED', 'An upload cannot be read.', { hint: 'It is a file of the library once it is whole: GET /files/…', headers: { Allow: 'HEAD, PATCH, DELETE, OPTIONS' } });
    return answer(c);
  });

  async function answer(c: Context<ServerEnvironment>): Promise<Response> {
    requireRight(c, 'add');
    const { incoming, outgoing } = c.env;
    const store = new UploadStore(uploads, c.var.user, (most) => readBody(c, most));
    let failure: unknown = null;
    const server = new Server({
      path: '/uploads',
      datastore: store,
      locker: locks.locker(() => {
        // What has come is kept; who sends it is most often gone, and has come back by another line.
        setTimeout(() => void (incoming.complete || incoming.destroy()), drain).unref();
      }),
      maxSize: context.settings.limits.upload,
      relativeLocation: true,
      // No other site may send anything here.
      allowedOrigins: () => false,
      onUploadCreate: async (_request, upload) => {
        requireFolder(c, (upload.metadata?.['name'] ?? upload.metadata?.['filename'] ?? '').split('/')[0]!);
        return {};
      },
      onResponseError: (_request, error) => {
        failure = error;
        return undefined;
      },
    });
    const alive = setInterval(() => {
      if (store.record && uploads.isFinishing(store.record.id) && !outgoing.headersSent) outgoing.writeProcessing();
    }, signOfLife);
    let response: Response;
    try {
      // Without its body, which the store reads.
      response = await server.handleWeb(new Request(c.req.url, { method: c.req.method, headers: c.req.raw.headers }));
    } finally {
      clearInterval(alive);
    }
    if (response.status >= 400) throw refusal(failure, response.status, await response.text());
    return withResult(response, store, c);
  }
};

/** Of what the tus library refuses itself. */
const codes: Record<number, ServerErrorCode> = { 404: 'NOT_FOUND', 410: 'NOT_FOUND', 409: 'OFFSET_WRONG', 412: 'PRECONDITION_FAILED', 413: 'TOO_LARGE' };

function refusal(failure: unknown, status: number, text: string): unknown {
  if (failure instanceof Error && !('status_code' in failure)) return failure;
  const headers = { 'Tus-Resumable': '1.0.0', 'Tus-Version': '1.0.0' };
  return new ServerError(codes[status] ?? 'BAD_REQUEST', `${text.trim().replace(/[.\n]*$/, '')}.`, { headers });
}

/** Where it lies, in the answer to the request that has made it whole, and when that is asked for again. */
function withResult(response: Response, { record }: UploadStore, { var: { user } }: Context<ServerEnvironment>): Response {
  const headers = new Headers(response.headers);
  for (const name of response.headers.keys()) if (name.startsWith('access-control-')) headers.delete(name);
  const placed = record?.placed;
  if (placed) {
    headers.set('Bat-Sha256', placed.sha256);
    if (!placed.stored) headers.set('Bat-Duplicate', 'true');
    if (user.rights.has('read') && user.mayUseFolder(placed.path.split('/')[0]!)) headers.set('Bat-Path', placed.path.split('/').map(encodeURIComponent).join('/'));
  }
  return new Response(response.body, { status: response.status, headers });
}

function sweepNowAndThen(uploads: Uploads, { signal, log }: ServerContext): void {
  const sweep = (): void => {
    uploads.sweep().catch((error: unknown) => {
      if (!signal.aborted) log({ type: 'failure', message: `Unfinished uploads could not be looked through: ${(error as Error).message}` });
    });
  };
  const timer = setInterval(sweep, sweepEvery).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  sweep();
}
