/** Every area of the server. */
import type { Route } from '../context.ts';
import { backupsRoutes } from './backups.ts';
import { healthRoutes } from './health.ts';
import { libraryRoutes } from './library.ts';
import { openapiRoutes } from './openapi.ts';
import { pageRoutes } from './page.ts';
import { sessionRoutes } from './session.ts';
import { storeRoutes } from './stores.ts';
import { tusRoutes } from './tus.ts';

export const routes: readonly Route[] = [
  healthRoutes,
  openapiRoutes,
  sessionRoutes,
  libraryRoutes,
  tusRoutes,
  storeRoutes,
  backupsRoutes,
  pageRoutes,
];
