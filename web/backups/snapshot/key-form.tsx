import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { describe } from '../../parts/describe.ts';
import { Icon } from '../../parts/icons.tsx';
import type { PlaceName } from '../vault/backup-place.ts';
import { unlock } from '../vault/session.ts';

/** What an identity file may have; keys are a line each. */
const largestFile = 1024 * 1024;

/** Asks for the key. What is given goes to the worker of this page, and nowhere else; the fields are emptied. */
export function KeyForm({ place, error, opened }: { place: PlaceName; error: unknown; opened(): void }) {
  const problem = useSignal(error === null ? '' : describe(error));
  const isBusy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('textarea')?.focus(), []);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const { identity, file, passphrase } = form.current!.elements as unknown as { identity: HTMLTextAreaElement; file: HTMLInputElement; passphrase: HTMLInputElement };
    isBusy.value = true;
    problem.value = '';
    try {
      const [chosen] = file.files ?? [];
      if (chosen && chosen.size > largestFile) throw new Error(`${chosen.name} is too large to be an identity file.`);
      const bytes = chosen ? new Uint8Array(await chosen.arrayBuffer()) : new TextEncoder().encode(identity.value.trim());
      await unlock(place, { identity: bytes, passphrase: passphrase.value });
      form.current?.reset();
      opened();
    } catch (error) {
      problem.value = describe(error);
    } finally {
      isBusy.value = false;
    }
  }

  return (
    <form ref={form} class="key-form" onSubmit={(event) => void submit(event)} autocomplete="off" aria-describedby="key-words">
      <h2>
        <Icon name="key" /> This snapshot is encrypted
      </h2>
      <p id="key-words" class="quiet-text">
        Give its key. It stays in the memory of this page: it is not sent to the server and not stored, and it is gone when the page is closed.
      </p>
      <label>
        Identity
        <textarea name="identity" class="secret" rows={2} placeholder="AGE-SECRET-KEY-…" autocomplete="off" autocapitalize="off" spellcheck={false} />
      </label>
      <label>
        or a file with it
        <input type="file" name="file" />
      </label>
      <label>
        Passphrase <span class="quiet-text">of the plan, or of the identity file</span>
        <input type="text" name="passphrase" class="secret" autocomplete="off" autocapitalize="off" spellcheck={false} />
      </label>
      <p class="bad-text" role="alert">
        {problem.value}
      </p>
      <button type="submit" class="primary" disabled={isBusy.value}>
        {isBusy.value ? 'Opening …' : 'Open'}
      </button>
    </form>
  );
}
