/** What every route of the server has around it. */
import type { HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Library } from '../library/library.ts';
import type { User } from './access/users.ts';
import type { Sessions } from './access/sessions.ts';
import type { ServerEvent } from './server-event.ts';
import type { ServeSettings } from './settings/settings.ts';

export interface ServerContext {
  settings: ServeSettings;
  sessions: Sessions;
  library: Library;
  /** The folder for what the server keeps for itself; it is there. */
  state: string;
  /** Aborted when requests that still run are cut off. */
  signal: AbortSignal;
  log(event: ServerEvent): void;
}

export interface ServerEnvironment {
  Bindings: HttpBindings;
  /** `user`: on every path but the public ones. */
  Variables: { user: User };
}

/** Adds the routes of one area. */
export type Route = (app: Hono<ServerEnvironment>, context: ServerContext) => void;
