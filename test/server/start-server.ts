/** A server on a free port of this machine, with folders, users and tokens of its own, gone when it is closed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { makeToken, tokenLine } from '../../src/server/access/tokens.ts';
import type { ServerContext } from '../../src/server/context.ts';
import type { ServerEvent } from '../../src/server/server-event.ts';
import { startServer as start } from '../../src/server/server.ts';
import { loadSettings } from '../../src/server/settings/load.ts';
import { answerProblem } from './api-description.ts';

/** As in serve.yaml, without the token. */
type WrittenUser = Record<string, unknown>;

export interface StartOptions {
  /** By name; null for a server without users. Default: `anna` with every right, `camera` who may only add, `reader` who may only read. */
  users?: Record<string, WrittenUser> | null;
  /** Any other part of serve.yaml, such as `limits`, in place of what is usual here. */
  settings?: Record<string, unknown>;
  /** A folder that a server has used before; it is not removed. */
  folder?: string;
}

export interface TestServer {
  url: string;
  port: number;
  /** Everything of it lies in here: `photos`, `documents`, `stores`, `state`, `serve.yaml`. */
  folder: string;
  /** By user. */
  tokens: Record<string, string>;
  /** The folders of the library by their ids, and those of the stores and the state. */
  photos: string;
  documents: string;
  stores: string;
  state: string;
  context: ServerContext;
  /** What it has told so far. */
  events: ServerEvent[];
  /** A request as a user: `anna` unless said otherwise, null for nobody. What is answered is held to docs/openapi.yaml. */
  fetch(path: string, init?: RequestInit & { as?: string | null; duplex?: 'half' }): Promise<Response>;
  close(): Promise<void>;
}

const usualUsers: Record<string, WrittenUser> = {
  anna: { rights: ['read', 'add', 'delete'] },
  camera: { rights: ['add'] },
  reader: { rights: ['read'] },
};

export async function startServer({ users = usualUsers, settings = {}, folder: given }: StartOptions = {}): Promise<TestServer> {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'bat-server-'));
  const at = (name: string): string => join(folder, name);
  for (const name of ['photos', 'documents', 'stores']) mkdirSync(at(name), { recursive: true });
  const tokens = Object.fromEntries(Object.keys(users ?? {}).map((name) => [name, makeToken()]));
  const written = Object.entries(users ?? {}).map(([name, user]) => [name, Object.assign({ token: tokenLine(tokens[name]!) }, user)] as const);
  const file = at('serve.yaml');
  const usual = { version: 1, listen: '127.0.0.1:0', library: { photos: 'photos', documents: 'documents' }, stores: 'stores', limits: { 'keep-free': 0 }, state: 'state' };
  writeFileSync(file, stringify({ ...usual, ...(users ? { users: Object.fromEntries(written) } : {}), ...settings }));
  const events: ServerEvent[] = [];
  const server = await start(await loadSettings(file, process.env), (event) => void events.push(event));
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    folder,
    tokens,
    photos: at('photos'),
    documents: at('documents'),
    stores: at('stores'),
    state: at('state'),
    context: server.context,
    events,
    fetch: async (path, { as = users ? 'anna' : null, headers, ...init } = {}) => {
      const sent = new Headers(headers);
      if (as !== null) sent.set('authorization', `Bearer ${tokens[as]!}`);
      const url = new URL(path, server.url);
      const answer = await fetch(url, { ...init, headers: sent });
      const type = answer.headers.get('content-type');
      const problem = answerProblem(init.method ?? 'GET', url.pathname, answer.status, type, type?.startsWith('application/json') ? await answer.clone().text() : '');
      if (problem !== null) throw new Error(`${problem}: correct the answer, or docs/openapi.yaml`);
      return answer;
    },
    close: async () => {
      await server.close();
      if (given === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
