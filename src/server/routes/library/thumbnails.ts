/** Small pictures of photos. Where a photo brings none the page draws one itself. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { readThumbnail } from '../../../library/thumbnail.ts';
import { requireRight } from '../../access/rights.ts';
import type { Route } from '../../context.ts';
import { ServerError } from '../../errors.ts';
import { libraryPathAfter } from './asked.ts';
import { isNotModified, tagsOf } from './conditions.ts';

export const thumbnailRoutes: Route = (app, { library }) => {
  app.get('/thumbnails/*', async (c) => {
    requireRight(c, 'read');
    const path = libraryPathAfter(c, '/thumbnails/');
    const file = await library.openFile(path);
    try {
      const { etag, lastModified } = tagsOf(file);
      const always = { ETag: etag, 'Last-Modified': lastModified, 'Cache-Control': 'private, no-cache' };
      if (isNotModified(c, { etag, lastModified })) {
        c.env.outgoing.writeHead(304, always).end();
        return RESPONSE_ALREADY_SENT;
      }
      const picture = await readThumbnail(file.handle);
      if (!picture) throw new ServerError('NOT_FOUND', `${path} brings no small picture of itself.`);
      return c.body(new Uint8Array(picture), 200, { ...always, 'Content-Type': 'image/jpeg' });
    } finally {
      await file.handle.close();
    }
  });
};
