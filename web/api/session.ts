import { request, requestJson } from './request.ts';

export type Right = 'read' | 'add' | 'delete';

/** Who is signed in, and what they may do. */
export interface Session {
  user: string;
  rights: Right[];
  /** The library folders that they may use, by id. */
  library: string[];
  /** Whether the server keeps backups of other machines. */
  stores: boolean;
  /** Whether there may be backups that they may look at. */
  backups: boolean;
  /** False: no users are configured. Everybody at this machine may do everything, and there is nothing to sign out of. */
  users: boolean;
}

export const getSession = (signal?: AbortSignal): Promise<Session> => requestJson('GET', '/session', signal ? { signal } : {});

/** The server answers with a cookie that stands for the token from then on. */
export const signInWith = (token: string): Promise<Session> => requestJson('POST', '/session', { headers: { Authorization: `Bearer ${token}` } });

export async function endSession(): Promise<void> {
  await request('DELETE', '/session');
}
