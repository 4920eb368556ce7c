/** Targets of kind http over a server of their own, for tests. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HttpTarget } from '../../src/targets/http.ts';
import type { HttpOptions } from '../../src/targets/http/options.ts';
import type { Target, TargetContext } from '../../src/targets/target.ts';
import type { TargetStore } from '../conformance/target-suite.ts';
import { startServer, type StartOptions, type TestServer } from '../server/start-server.ts';

export const context: TargetContext = { folder: '/plans', plan: 'nas' };

export interface HttpStoreOptions {
  start?: StartOptions;
  /** Whose token it is. */
  as?: string;
  options?: Partial<HttpOptions>;
  /** What is made of a target before it is used. */
  wrap?: (target: Target) => Target;
  /** The address, where it is not the server's own. */
  url?: (server: TestServer) => string;
}

/** As the suite of all targets wants it. */
export async function httpStore({ start, as = 'anna', options = {}, wrap = (target) => target, url = (server) => server.url }: HttpStoreOptions = {}): Promise<TargetStore & { server: TestServer }> {
  const server = await startServer(start);
  const made: Target[] = [];
  const make = (): Target => {
    const target = wrap(new HttpTarget('home', { url: url(server), token: server.tokens[as]!, 'part-size': '1MiB', ...options }, context));
    made.push(target);
    return target;
  };
  return {
    server,
    target: make(),
    again: async () => make(),
    leftovers: () => readdir(join(server.stores, 'nas'), { recursive: true }),
    async dispose() {
      for (const target of made) await target.close();
      await server.close();
    },
  };
}
