/** The server as a whole: opened, listening, stopped. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock, type Lock } from '../catalog/lock.ts';
import { BatError, systemReason } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { Library } from '../library/library.ts';
import { makeApp } from './app.ts';
import { Sessions } from './access/sessions.ts';
import type { ServerContext } from './context.ts';
import { listen } from './listen.ts';
import type { ServerEvent } from './server-event.ts';
import { isLoopback } from './settings/listen-address.ts';
import type { ServeSettings } from './settings/settings.ts';

export interface RunningServer {
  /** `http://127.0.0.1:7878` */
  url: string;
  context: ServerContext;
  /** Finishes the requests that run, or cuts them off after some seconds. */
  close(): Promise<void>;
}

/** Requests that run get so long when the server is stopped. */
const graceTime = 5000;

/** Throws LISTEN_FAILED, STATE_FAILED, PLAN_LOCKED if another server has the same state folder. */
export async function startServer(settings: ServeSettings, log: (event: ServerEvent) => void): Promise<RunningServer> {
  const { state } = settings;
  makeStateFolder(state);
  const lock = takeState(state);
  const controller = new AbortController();
  let library: Library | null = null;
  try {
    library = await openLibrary(settings, log);
    const opened = library;
    const context: ServerContext = { settings, state, library, sessions: new Sessions(state, settings.users), signal: controller.signal, log };
    const listening = await listen(settings, makeApp(context), log);
    log({ type: 'listening', url: listening.url, addresses: listening.addresses });
    library.keepTrue(settings.sync);
    const { stores } = settings;
    if (stores && !existsSync(stores.path)) log({ type: 'notice', message: `The folder of the stores is away (${stores.path}): no backup can come.`, hint: 'If its disk is not mounted, mount it; else make the folder.' });
    if (!settings.tls && !isLoopback(settings.listen.host)) log({ type: 'notice', message: 'Without `tls:` tokens and files go over the network in the clear.', hint: 'docs/serve.md shows how to get a certificate.' });
    return {
      url: listening.url,
      context,
      close: async () => {
        await listening.close(graceTime, () => controller.abort());
        await opened.close();
        lock.release();
        log({ type: 'stopped' });
      },
    };
  } catch (error) {
    controller.abort();
    await library?.close();
    lock.release();
    throw error;
  }
}

async function openLibrary({ library, state, limits }: ServeSettings, log: (event: ServerEvent) => void): Promise<Library> {
  const folders = library.map(({ quota, ...folder }) => ({ ...folder, ...(quota === null ? {} : { quota }) }));
  return Library.open({ folders, state, keepFree: limits.keepFree, log: (message) => log({ type: 'notice', message }) });
}

function makeStateFolder(folder: string): void {
  try {
    makeFolder(folder, 0o700);
  } catch (cause) {
    throw new BatError('STATE_FAILED', `The state folder ${folder} cannot be made: ${systemReason(cause)}.`, { hint: '`state:` in the settings says where it is.', subject: folder, cause });
  }
}

/** One server at a time works on a state folder. */
function takeState(folder: string): Lock {
  try {
    return takeLock(join(folder, 'lock.db'), 'serve');
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'PLAN_LOCKED') throw error;
    throw new BatError('PLAN_LOCKED', `Another server works with the same settings, on the state folder ${folder}.`, { hint: 'Stop that one first; two servers need two files of settings.', subject: folder, cause: error });
  }
}
