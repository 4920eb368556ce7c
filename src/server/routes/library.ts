/** The library: uploads in one request, what it knows, its files and folders. docs/serve.md shows each with curl. */
import type { Route } from '../context.ts';
import { fileRoutes } from './library/files.ts';
import { questionRoutes } from './library/questions.ts';
import { thumbnailRoutes } from './library/thumbnails.ts';
import { uploadRoutes } from './library/upload.ts';

export const libraryRoutes: Route = (app, context) => {
  for (const add of [uploadRoutes, questionRoutes, fileRoutes, thumbnailRoutes]) add(app, context);
};
