import { ApiError } from '../api/request.ts';
import { Icon } from './icons.tsx';

/** An error in the place of what could not be shown, with a way to try again. */
export function Problem({ error, again }: { error: unknown; again?: () => void }) {
  const hint = error instanceof ApiError ? error.hint : undefined;
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <div>
        <p>{error instanceof Error ? error.message : String(error)}</p>
        {hint && <p class="quiet-text">{hint}</p>}
        {again && (
          <button type="button" onClick={again}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}
