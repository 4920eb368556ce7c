/** Wrapped identities of the targets, back into a catalog that is made anew: else the next run would make new ones, and store all again. */
import type { Catalog } from '../../catalog/catalog.ts';
import { Keys } from '../../catalog/keys.ts';
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import { rememberPassphraseKey } from '../../steps/encrypt/passphrase-key.ts';
import { recipientsOf, unwrapIdentity } from '../../volume/age.ts';
import type { KeyInputs } from '../store/keys.ts';
import type { SyncStore } from './stores.ts';

const keyPattern = /^keys\/([0-9a-f]+)\.age$/;
const largestKey = 1024 * 1024;

/** Those that the passphrase opens. Without a passphrase it is told what that means. */
export async function takePassphraseKeys(catalog: Catalog, stores: readonly SyncStore[], { inputs, now, emit, signal }: { inputs: () => Promise<KeyInputs>; now: Date; emit: Emit; signal: AbortSignal }): Promise<void> {
  const keys = new Keys(catalog);
  const taken = new Set<string>();
  let hasFailed = false;
  for (const { target } of stores) {
    for await (const { name, size } of target.list('keys/', signal)) {
      const id = keyPattern.exec(name)?.[1];
      if (id === undefined || size > largestKey || taken.has(id)) continue;
      const passphrase = await (await inputs()).passphrase?.();
      const wrapped = Buffer.from(await target.read(name, 0, size, signal));
      const identity = passphrase ? await unwrapIdentity(wrapped, passphrase, name).catch(orNull) : null;
      const [recipient] = identity === null ? [] : await recipientsOf(identity);
      if (recipient === undefined || !passphrase) {
        hasFailed = true;
        continue;
      }
      taken.add(id);
      await rememberPassphraseKey(keys, { id, recipient, wrapped }, passphrase, now);
    }
  }
  if (!hasFailed || taken.size > 0) return;
  const message = 'keys on the targets could not be opened with a passphrase: a run with the passphrase of the plan would make a new one and store everything again; sync once more with the passphrase';
  emit({ type: 'issue', issue: { kind: 'note', message } });
}

function orNull(error: unknown): null {
  if (error instanceof BatError) return null;
  throw error;
}
