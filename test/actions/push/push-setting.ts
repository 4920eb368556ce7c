/** A push to a real server, as the command makes it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { push, PushEnded, parseDestination, type PushEvent, type PushOptions, type PushSummary } from '../../../src/actions/push.ts';
import type { BatEvent } from '../../../src/core/events.ts';
import { startServer, type StartOptions, type TestServer } from '../../server/start-server.ts';

/** As the command has it, and quicker. */
export const retry = { attempts: Infinity, wait: 20, maxWait: 100, within: 20_000 };

export interface Pushed {
  summary: PushSummary;
  events: BatEvent[];
  told: PushEvent[];
  /** What it ended with; null if all went well. */
  error: unknown;
}

export interface PushSetting {
  server: TestServer;
  /** What is pushed lies below this. */
  folder: string;
  environment: NodeJS.ProcessEnv;
  write(files: Record<string, string | Uint8Array>): void;
  push(options?: Partial<PushOptions> & { url?: string; as?: string }): Promise<Pushed>;
  close(): Promise<void>;
}

export async function pushSetting(options: StartOptions = {}): Promise<PushSetting> {
  const server = await startServer(options);
  const base = mkdtempSync(join(tmpdir(), 'bat-pushing-'));
  const folder = join(base, 'DCIM');
  mkdirSync(folder);
  const environment = { ...process.env, XDG_STATE_HOME: join(base, 'state') };
  return {
    server,
    folder,
    environment,
    write: (files) => {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
    },
    push: async ({ url = `${server.url}/photos`, as = 'anna', emit, tell, ...given } = {}) => {
      const events: BatEvent[] = [];
      const told: PushEvent[] = [];
      const running = push({
        destination: parseDestination(url),
        token: server.tokens[as] ?? null,
        ca: null,
        paths: [folder],
        exclude: [],
        parallel: 4,
        limit: null,
        retry,
        dryRun: false,
        watch: null,
        environment,
        signal: new AbortController().signal,
        ...given,
        emit: (event) => {
          events.push(event);
          emit?.(event);
        },
        tell: (event) => {
          told.push(event);
          tell?.(event);
        },
      });
      try {
        return { summary: await running, events, told, error: null };
      } catch (error) {
        if (!(error instanceof PushEnded)) throw error;
        return { summary: error.summary, events, told, error: error.cause };
      }
    },
    close: async () => {
      await server.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}
