/** Who asks, and what that one may do. */
import type { Right, ServeSettings, UserSettings } from '../settings/settings.ts';

export interface User {
  name: string;
  rights: ReadonlySet<Right>;
  /** The most bytes that the user may bring in all; null for no limit. */
  quota: number | null;
  /** A folder of the library, by its id. */
  mayUseFolder(id: string): boolean;
  /** The plans whose stores the user is kept to; null for all, and for the plans of this machine, too. */
  stores: ReadonlySet<string> | null;
  /** What `http` targets store of a plan, by its name. */
  mayUseStore(plan: string): boolean;
}

export function userOf({ name, rights, quota, library, stores }: Omit<UserSettings, 'tokens'>): User {
  return { name, rights, quota, stores, mayUseFolder: (id) => library?.has(id) ?? true, mayUseStore: (plan) => stores?.has(plan) ?? true };
}

/** Where there are no users only this machine can reach the server, and whoever sits at it may do all. */
export function everybody({ users }: ServeSettings): User | null {
  if (users.length > 0) return null;
  return userOf({ name: 'local', rights: new Set(['read', 'add', 'delete']), library: null, stores: null, quota: null });
}
