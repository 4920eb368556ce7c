/** The worker that reads backups, the keys that it holds, and the snapshot that is open in it: for as long as the page is open, and nowhere else. */
import { signal } from '@preact/signals';
import { ApiError } from '../../api/request.ts';
import { session } from '../../shell/session.ts';
import type { PlaceName } from './backup-place.ts';
import { Cancelled, VaultClient } from './client.ts';
import type { OpenedSnapshot, OpenProgress } from './messages.ts';
import type { GivenKeys } from './open-keys.ts';

export type Opening =
  | { is: 'none' }
  | { is: 'opening'; progress: OpenProgress }
  /** `error`: why the keys that there are do not do; null if there are none yet. */
  | { is: 'locked'; error: unknown }
  | { is: 'failed'; error: unknown }
  | { is: 'open'; facts: OpenedSnapshot };

/** Public halves of the keys that the worker holds. */
export const recipients = signal<readonly string[]>([]);
export const opening = signal<Opening>({ is: 'none' });

let client: VaultClient | null = null;
let current = '';
let abort = new AbortController();

export function vault(): VaultClient {
  return (client ??= new VaultClient());
}

/** Opens it, unless it is open. */
export async function openSnapshot(place: PlaceName, snapshot: string, again = false): Promise<void> {
  const key = JSON.stringify([place, snapshot]);
  if (key === current && !again) return;
  current = key;
  abort.abort();
  abort = new AbortController();
  const isCurrent = (): boolean => key === current;
  const mine = abort;
  opening.value = { is: 'opening', progress: { bytes: 0, entries: 0 } };
  try {
    const facts = await vault().ask({ type: 'open', place, snapshot }, { progress: (progress) => void (isCurrent() && mine === abort && (opening.value = { is: 'opening', progress })), signal: mine.signal });
    if (mine === abort) opening.value = { is: 'open', facts };
  } catch (error) {
    if (mine !== abort || error instanceof Cancelled) return;
    const code = error instanceof ApiError ? error.code : '';
    if (code === 'KEY_MISSING') opening.value = { is: 'locked', error: null };
    else opening.value = code === 'KEY_WRONG' ? { is: 'locked', error } : { is: 'failed', error };
  }
}

/** Throws what is wrong with what was given. */
export async function unlock(place: PlaceName, given: GivenKeys): Promise<void> {
  recipients.value = await vault().ask({ type: 'unlock', place, given });
}

/** Nothing of the keys is left: they were in the worker, and it ends. */
export function forget(): void {
  abort.abort();
  client?.end();
  client = null;
  current = '';
  recipients.value = [];
  opening.value = { is: 'none' };
}

// The next person at this page must not read on with this one's keys.
session.subscribe((value) => {
  if (value === null) forget();
});
