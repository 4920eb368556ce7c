/** Something that is asked of the server while a part of the page is shown. */
import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export type Loaded<T> = { is: 'loading' } | { is: 'there'; value: T } | { is: 'failed'; error: unknown };

/** Asked anew when `key` changes, and by `again`. */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): { state: Signal<Loaded<T>>; again(): void } {
  const state = useSignal<Loaded<T>>({ is: 'loading' });
  const round = useSignal(0);
  useEffect(() => {
    const abort = new AbortController();
    state.value = { is: 'loading' };
    load(abort.signal).then(
      (value) => void (abort.signal.aborted || (state.value = { is: 'there', value })),
      (error: unknown) => void (abort.signal.aborted || (state.value = { is: 'failed', error })),
    );
    return () => abort.abort();
  }, [key, round.value]);
  return { state, again: () => void round.value++ };
}
