/** Two servers and a folder for state, and a mirror between them whose clock is given. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mirror, parseServer, type MirrorAction, type MirrorOptions, type MirrorResult } from '../../../src/actions/mirror.ts';
import type { BatEvent } from '../../../src/core/events.ts';
import { startServer, type TestServer } from '../../server/start-server.ts';

export type Files = Record<string, string>;

export interface Mirrored {
  result: MirrorResult;
  actions: MirrorAction[];
  events: BatEvent[];
}

export class MirrorSetting {
  readonly folder = mkdtempSync(join(tmpdir(), 'bat-mirror-test-'));
  readonly #servers: TestServer[] = [];
  now = new Date('2026-11-20T12:00:00Z');

  async server(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
    const server = await startServer({ users: null, ...options });
    this.#servers.push(server);
    return server;
  }

  at(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** `from` and `to` are addresses. */
  async run(from: string, to: string, options: Partial<MirrorOptions> & { fromToken?: string; toToken?: string } = {}): Promise<Mirrored> {
    const actions: MirrorAction[] = [];
    const events: BatEvent[] = [];
    const { fromToken = null, toToken = null, ...rest } = options;
    const result = await mirror({
      from: { address: parseServer(from), token: fromToken, ca: null },
      to: { address: to, token: toToken, ca: null },
      delete: false,
      grace: 30 * 86_400_000,
      forceDelete: false,
      retryFor: 2000,
      dryRun: false,
      environment: { ...process.env, XDG_STATE_HOME: this.at('state') },
      time: this.now,
      emit: (event) => events.push(event),
      say: () => {},
      tell: (action) => actions.push(action),
      signal: new AbortController().signal,
      ...rest,
    });
    return { result, actions, events };
  }

  days(days: number): void {
    this.now = new Date(this.now.getTime() + days * 86_400_000);
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Files below a folder, without what a server keeps for itself. */
export function filesIn(folder: string, below = ''): Files {
  const found: Files = {};
  if (!existsSync(folder)) return found;
  for (const name of readdirSync(join(folder, below))) {
    if (name.startsWith('.bat-')) continue;
    const path = below === '' ? name : `${below}/${name}`;
    if (statSync(join(folder, path)).isDirectory()) Object.assign(found, filesIn(folder, path));
    else found[path] = readFileSync(join(folder, path), 'utf8');
  }
  return found;
}

export function write(folder: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
