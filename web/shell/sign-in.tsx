import { useSignal } from '@preact/signals';
import { Icon } from '../parts/icons.tsx';
import { describe } from '../parts/describe.ts';
import { sessionEnded, signIn } from './session.ts';

export function SignIn() {
  const token = useSignal('');
  const problem = useSignal('');
  const busy = useSignal(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    problem.value = '';
    try {
      await signIn(token.value.trim());
    } catch (error) {
      problem.value = describe(error);
    } finally {
      busy.value = false;
    }
  }

  return (
    <main id="main" class="narrow sign-in" tabIndex={-1}>
      <form onSubmit={(event) => void submit(event)}>
        <span class="sign-in-mark">
          <Icon name="bat" />
        </span>
        <h1>Sign in</h1>
        {sessionEnded.value && <p class="quiet-text">The server has ended the session. Sign in again to go on.</p>}
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          name="token"
          autocomplete="current-password"
          autocapitalize="none"
          spellcheck={false}
          placeholder="bat_…"
          required
          aria-invalid={problem.value !== ''}
          aria-describedby="token-help token-problem"
          value={token.value}
          onInput={(event) => (token.value = event.currentTarget.value)}
        />
        <p id="token-help" class="quiet-text">
          The line that <code>bat serve token</code> printed for you. It is sent once; after that this browser has a session, and keeps no token.
        </p>
        <p id="token-problem" class="bad-text" role="alert">
          {problem.value}
        </p>
        <button type="submit" class="primary" disabled={busy.value}>
          {busy.value ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
