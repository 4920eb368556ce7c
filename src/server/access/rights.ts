/** Whether the one who asks may do what is asked. Each throws ServerError DENIED. */
import type { Context } from 'hono';
import type { ServerEnvironment } from '../context.ts';
import { ServerError } from '../errors.ts';
import type { Right } from '../settings/settings.ts';
import type { User } from './users.ts';

type Asked = Pick<Context<ServerEnvironment>, 'var'>;

const words: Record<Right, string> = { read: 'read', add: 'add anything', delete: 'remove anything' };

/** All of the rights that are named. */
export function requireRight({ var: { user } }: Asked, ...rights: readonly Right[]): void {
  const missing = rights.find((right) => !user.rights.has(right));
  if (missing !== undefined) throw new ServerError('DENIED', `${user.name} may not ${words[missing]} here.`, { hint: `It takes the right "${missing}" in the settings of the server.` });
}

/** One of the rights that are named. */
export function requireAnyRight({ var: { user } }: Asked, ...rights: readonly Right[]): void {
  if (!rights.some((right) => user.rights.has(right))) throw new ServerError('DENIED', `${user.name} may not do this here.`, { hint: `It takes one of the rights ${rights.join(', ')} in the settings of the server.` });
}

/** Said of folders that are not there, too, so that nobody learns which there are. */
export function requireFolder({ var: { user } }: Asked, id: string): void {
  if (!user.mayUseFolder(id)) throw notFor(user, `the folder ${id}`);
}

export function requireStore({ var: { user } }: Asked, plan: string): void {
  if (!user.mayUseStore(plan)) throw notFor(user, `the store of ${plan}`);
}

function notFor(user: User, what: string): ServerError {
  return new ServerError('DENIED', `${user.name} may not use ${what}.`, { hint: 'The settings of the server say what each user may use.' });
}
