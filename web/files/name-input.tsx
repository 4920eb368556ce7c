import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { describe } from '../parts/describe.ts';
import { notify } from '../shell/notices.tsx';
import { rename, renaming } from './actions.ts';
import type { Row } from './row.ts';

/** A name being written, in its place. Enter takes it, Escape leaves it as it was. */
export function NameInput({ row }: { row: Row }) {
  const input = useRef<HTMLInputElement>(null);
  const busy = useSignal(false);
  // Before anything is painted: the next key goes into it.
  useLayoutEffect(() => {
    const dot = row.type === 'file' ? row.name.lastIndexOf('.') : -1;
    input.current!.focus();
    input.current!.setSelectionRange(0, dot > 0 ? dot : row.name.length);
  }, []);

  function close(): void {
    const line = input.current?.closest<HTMLElement>('[data-index]');
    renaming.value = null;
    line?.focus();
  }

  async function take(): Promise<void> {
    const name = input.current!.value.trim();
    if (busy.value) return;
    if (name === '' || name === row.name) return close();
    busy.value = true;
    try {
      await rename(row, name);
      close();
    } catch (error) {
      notify('bad', describe(error));
      input.current?.focus();
    } finally {
      busy.value = false;
    }
  }

  return (
    <input
      ref={input}
      class="name-input"
      aria-label={`New name of ${row.name}`}
      defaultValue={row.name}
      spellcheck={false}
      autocomplete="off"
      readOnly={busy.value}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Enter') void take();
        if (event.key === 'Escape') close();
      }}
      onBlur={() => {
        if (!busy.value && renaming.value === row.path) renaming.value = null;
      }}
    />
  );
}
