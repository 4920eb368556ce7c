import { Icon } from '../parts/icons.tsx';
import { describe } from '../parts/describe.ts';
import { cancelAll, clear } from '../upload/queue.ts';
import { notify } from './notices.tsx';
import { hashOf } from './router.ts';
import { session, signOut } from './session.ts';
import type { View } from './views.ts';

export function Header({ views, current }: { views: [string, View][]; current: string | undefined }) {
  return (
    <header class="top">
      <span class="brand">
        <Icon name="bat" />
        <span>bat</span>
      </span>
      <nav aria-label="Main">
        {views.map(([name, view]) => (
          <a key={name} href={hashOf(name, [''])} aria-current={name === current ? 'page' : undefined}>
            <Icon name={view.icon} />
            <span>{view.title}</span>
          </a>
        ))}
      </nav>
      {session.value && session.value.users && (
        <div class="person">
          <span class="person-name" title={`Signed in as ${session.value.user}`}>
            {session.value.user}
          </span>
          <button type="button" class="quiet" onClick={() => void leave()}>
            <Icon name="signOut" />
            <span class="wide-text">Sign out</span>
          </button>
        </div>
      )}
    </header>
  );
}

async function leave(): Promise<void> {
  try {
    await signOut();
    // The next person does not go on with this one's files.
    cancelAll();
    clear();
  } catch (error) {
    notify('bad', describe(error));
  }
}
