/** A file in one request. What is here already is said before a byte of it is read. */
import { requireRight } from '../../access/rights.ts';
import { announcedLength, readBody } from '../../body.ts';
import type { Route } from '../../context.ts';
import { ServerError } from '../../errors.ts';
import { discardBody } from '../../stores/receive.ts';
import { refusing } from '../stores/refusing.ts';
import { keepingAlive } from '../stores/keeping-alive.ts';
import { allowed, giverOf, hashOf, queryOf } from './asked.ts';

export const uploadRoutes: Route = (app, context) => {
  const { library, settings } = context;

  app.post('/upload', (c) => {
    const waitsForWord = c.req.header('expect') !== undefined;
    const answer = async (): Promise<Response> => {
      requireRight(c, 'add');
      const path = queryOf(c, 'name');
      if (path === undefined || path === '') throw new ServerError('BAD_REQUEST', 'The name is missing.', { hint: 'POST /upload?name=photos/2024/a.jpg' });
      allowed(c, path);
      const hash = queryOf(c, 'hash');
      const mtime = queryOf(c, 'mtime');
      const size = announcedLength(c);
      if (mtime !== undefined && !/^-?\d{1,12}(\.\d{1,9})?$/.test(mtime)) throw new ServerError('BAD_REQUEST', 'The mtime must be seconds since 1970, such as 1700000000.5.');
      const placed = await keepingAlive(c, () =>
        library.place(path, readBody(c, settings.limits.upload), {
          ...(hash !== undefined && { hash: hashOf(hash) }),
          ...(mtime !== undefined && { mtime }),
          ...(size !== null && { size }),
          giver: giverOf(c),
          within: (folder) => c.var.user.mayUseFolder(folder),
          signal: context.signal,
        }),
      );
      const { stored, size: bytes, sha256 } = placed;
      if (stored) return c.json({ path: placed.path, size: bytes, sha256, stored }, 201);
      // Who waits for a word to send the body has its answer; to anybody else it would be lost with a connection that is cut.
      if (!waitsForWord) await discardBody(c.env.incoming);
      return c.json({ duplicate: true, ...(c.var.user.rights.has('read') && { path: placed.path }), size: bytes, sha256 });
    };
    return waitsForWord ? answer() : refusing(c, answer);
  });
};
