/** What went wrong as the answer of a request. What is the server's own business stays in its log. */
import type { Context } from 'hono';
import { BatError, systemCode } from '../core/errors.ts';
import { LibraryError } from '../library/errors.ts';
import type { ServerContext, ServerEnvironment } from './context.ts';
import { ServerError } from './errors.ts';

export function answerError(thrown: unknown, c: Context<ServerEnvironment>, context: ServerContext): Response {
  const error = asServerError(thrown, c, context);
  for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
  // An answer to HEAD has no body to say it in.
  c.header('Bat-Error', error.code);
  return c.json(error.toJson(), error.status);
}

function asServerError(thrown: unknown, c: Context<ServerEnvironment>, { log, signal, settings }: ServerContext): ServerError {
  if (thrown instanceof ServerError) return thrown;
  if (signal.aborted) return new ServerError('STOPPING', 'The server is being stopped.', { hint: 'Try again later.' });
  // Nobody is there to read the answer.
  if (c.env.incoming.destroyed && !c.env.incoming.complete) return new ServerError('BAD_REQUEST', 'The request ended before it was whole.');
  if (thrown instanceof LibraryError && thrown.code !== 'DISK_FAILED') return new ServerError(thrown.code, withoutPlaces(thrown.message, settings), thrown.hint === undefined ? {} : { hint: thrown.hint });
  const code = systemCode(thrown) ?? (thrown instanceof BatError ? systemCode(thrown.cause) : undefined);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new ServerError('DISK_FULL', 'The disk of the server is full.', { hint: 'Nothing of this was kept.' });
  const { message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (thrown instanceof BatError || thrown instanceof LibraryError || code !== undefined) {
    log({ type: 'failure', message: `${c.req.method} ${c.req.path}: ${message}` });
    return new ServerError('FAILED', 'A disk or a database of the server failed.', { hint: 'Its log says more.' });
  }
  log({ type: 'failure', message: `This is a bug in bat: ${c.req.method} ${c.req.path}: ${message}`, ...(stack === undefined ? {} : { stack }) });
  return new ServerError('INTERNAL', 'This is a bug in the server.', { hint: 'Its log says more.' });
}

/** Where a folder lies on the server is for whoever keeps the server: its log says it. */
function withoutPlaces(message: string, { library }: ServerContext['settings']): string {
  return library.reduce((text, { path }) => text.replaceAll(` (${path})`, ''), message);
}
