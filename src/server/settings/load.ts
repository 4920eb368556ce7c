/** serve.yaml, read and checked as a plan is: every mistake with its line. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { BatError, systemReason } from '../../core/errors.ts';
import { resolvePath } from '../../core/paths.ts';
import { parseDuration, parseSize } from '../../core/units.ts';
import { planEnvironment } from '../../plan/environment.ts';
import type { Environment } from '../../plan/interpolate.ts';
import { decodePlan, loadPlanText } from '../../plan/load.ts';
import { sortMistakes } from '../../plan/mistake.ts';
import { PlanError } from '../../plan/plan-error.ts';
import { checkSettings } from './check.ts';
import { parseListen } from './listen-address.ts';
import type { LibraryFolder, Right, ServeSettings, UserSettings } from './settings.ts';

type Size = string | number;
type WrittenFolder = string | { path: string; quota?: Size };

/** The file as it is written, once it has passed its checks. */
interface Written {
  listen?: string;
  tls?: { certificate: string; key: string };
  library?: Record<string, WrittenFolder>;
  stores?: WrittenFolder;
  plans?: string[];
  users?: Record<string, { token: string | string[]; rights: Right[]; library?: string[]; stores?: string[]; quota?: Size }>;
  limits?: { upload?: Size; connections?: number; idle?: string; 'keep-free'?: Size };
  state?: string;
  sync?: string;
}

/** Throws PlanError with every mistake, or PLAN_NOT_FOUND. */
export async function loadSettings(file: string, given: Environment): Promise<ServeSettings> {
  const absolute = resolve(file);
  const folder = dirname(absolute);
  const { text, damaged } = decodePlan(await readSettings(file, absolute));
  const environment = await planEnvironment(folder, given);
  const loaded = loadPlanText(text, environment, new Set(['token']), damaged, { message: 'The file is empty.', hint: 'docs/serve.md has one to start from.' });
  const mistakes = sortMistakes([...loaded.mistakes, ...loaded.unset, ...(loaded.readable ? checkSettings(loaded, folder, stateFolder(absolute, given)) : [])]);
  if (mistakes.length > 0) throw new PlanError(file, mistakes, 'Correct the file; each mistake is shown with its line.');
  return resolved(loaded.value as Written, absolute, given);
}

async function readSettings(file: string, absolute: string): Promise<Uint8Array> {
  try {
    return await readFile(absolute);
  } catch (cause) {
    throw new BatError('PLAN_NOT_FOUND', `The settings ${file} cannot be read: ${systemReason(cause)}.`, { hint: 'Name the file of the settings, or write a serve.yaml; docs/serve.md has one to start from.', subject: file, cause });
  }
}

function resolved(written: Written, file: string, environment: Environment): ServeSettings {
  const folder = dirname(file);
  const at = (path: string): string => resolvePath(path, folder);
  const { tls, limits = {} } = written;
  const place = (id: string, value: WrittenFolder): LibraryFolder => (typeof value === 'string' ? { id, path: at(value), quota: null } : { id, path: at(value.path), quota: sizeOr(value.quota, null) });
  return {
    file,
    listen: parseListen(written.listen ?? '127.0.0.1:7878')!,
    tls: tls ? { certificate: at(tls.certificate), key: at(tls.key) } : null,
    library: Object.entries(written.library ?? {}).map(([id, value]) => place(id, value)),
    stores: written.stores === undefined ? null : place('', written.stores),
    plans: (written.plans ?? []).map(at),
    users: Object.entries(written.users ?? {}).map(
      ([name, { token, rights, library, stores, quota }]): UserSettings => ({
        name,
        tokens: [token].flat().map((hash) => Buffer.from(hash.slice('sha256:'.length), 'hex')),
        rights: new Set(rights),
        library: library ? new Set(library) : null,
        stores: stores ? new Set(stores) : null,
        quota: sizeOr(quota, null),
      }),
    ),
    limits: {
      upload: sizeOr(limits.upload, 50 * 2 ** 30),
      connections: limits.connections ?? 200,
      idle: parseDuration(limits.idle ?? '60s'),
      keepFree: sizeOr(limits['keep-free'], 2 ** 30),
    },
    state: written.state === undefined ? stateFolder(file, environment) : at(written.state),
    sync: parseDuration(written.sync ?? '1h'),
  };
}

function sizeOr<T>(size: Size | undefined, none: T): number | T {
  return size === undefined ? none : parseSize(size);
}

/** By the path of the settings: several servers on a machine do not meet. */
function stateFolder(file: string, environment: Environment): string {
  const base = environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(base, 'bat', `serve-${createHash('sha256').update(file).digest('hex').slice(0, 12)}`);
}
