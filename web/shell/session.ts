/** Who is signed in, for all of the page. */
import { computed, signal } from '@preact/signals';
import { ApiError, whenSignedOut } from '../api/request.ts';
import { endSession, getSession, signInWith, type Right, type Session } from '../api/session.ts';

/** `undefined` until the server has answered; `null` if nobody is signed in. */
export const session = signal<Session | null | undefined>(undefined);
/** Why the server could not be asked who is signed in. */
export const sessionProblem = signal<ApiError | null>(null);
/** The server let the session go while the page was open. */
export const sessionEnded = signal(false);

export const may = (right: Right): boolean => session.value?.rights.includes(right) ?? false;
export const folders = computed(() => session.value?.library ?? []);

export async function loadSession(): Promise<void> {
  try {
    session.value = await getSession();
    sessionProblem.value = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) session.value = null;
    sessionProblem.value = error.status === 401 ? null : error;
  }
}

/** Throws an ApiError if the server refuses the token. */
export async function signIn(token: string): Promise<void> {
  session.value = await signInWith(token);
  sessionEnded.value = false;
}

export async function signOut(): Promise<void> {
  await endSession();
  session.value = null;
}

whenSignedOut(() => {
  if (!session.value) return;
  session.value = null;
  sessionEnded.value = true;
});
