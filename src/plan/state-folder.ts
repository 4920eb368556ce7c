/** Where a plan keeps its catalog and its lock: in the user's state folder by the plan's name, or where the plan says. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from './plan.ts';

export interface StateFiles {
  folder: string;
  catalog: string;
  lock: string;
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
export function stateFiles(plan: Pick<Plan, 'name' | 'state'>, environment: NodeJS.ProcessEnv = process.env): StateFiles {
  const base = environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  const folder = plan.state ?? join(base, 'bat', plan.name);
  return { folder, catalog: join(folder, 'catalog.db'), lock: join(folder, 'lock.db') };
}
