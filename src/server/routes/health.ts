/** That the server lives; for whoever watches it. */
import type { Route } from '../context.ts';

export const healthRoutes: Route = (app) => {
  app.get('/health', (c) => c.json({ ok: true }));
};
