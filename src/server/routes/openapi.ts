/** The description of all that the server answers. */
import { readFile } from 'node:fs/promises';
import { openapiFile } from '../../core/openapi-file.ts';
import type { Route } from '../context.ts';

export const openapiRoutes: Route = (app) => {
  app.get('/openapi.yaml', async (c) => c.body(await readFile(openapiFile, 'utf8'), 200, { 'Content-Type': 'application/yaml; charset=utf-8', 'Cache-Control': 'no-cache' }));
};
