import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ComponentType } from 'preact';
import { Problem } from '../parts/problem.tsx';
import { Working } from '../parts/working.tsx';
import { UploadPanel } from '../upload/panel.tsx';
import { Header } from './header.tsx';
import { Notices } from './notices.tsx';
import { go, hashOf, place } from './router.ts';
import { loadSession, session, sessionProblem } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { views, type ViewProps } from './views.ts';

/** The views of this person; the first is where the page begins. */
const shown = computed(() => (session.value ? Object.entries(views).filter(([, view]) => view.shown(session.value!)) : []));
const current = computed(() => (shown.value.some(([name]) => name === place.value.view) ? place.value.view : shown.value[0]?.[0]));

export function App() {
  return (
    <>
      <a class="skip" href="#main" onClick={toMain}>
        Skip to the content
      </a>
      <Body />
      <Notices />
    </>
  );
}

function Body() {
  if (session.value === undefined) {
    if (!sessionProblem.value) return <Working label="One moment" />;
    return (
      <main id="main" class="narrow" tabIndex={-1}>
        <Problem error={sessionProblem.value} again={() => void loadSession()} />
      </main>
    );
  }
  if (session.value === null) return <SignIn />;
  return (
    <>
      <Header views={shown.value} current={current.value} />
      <main id="main" tabIndex={-1}>
        {current.value ? <CurrentView key={current.value} name={current.value} /> : <p class="empty">This server keeps nothing that you may see.</p>}
      </main>
      <UploadPanel />
    </>
  );
}

const loaded = signal<Record<string, ComponentType<ViewProps>>>({});
const loadProblem = signal<unknown>(null);

function CurrentView({ name }: { name: string }) {
  const isHere = place.value.view === name;
  useEffect(() => {
    if (!isHere) go(hashOf(name, ['']), { replace: true });
    document.title = `${views[name]!.title} – bat`;
  }, [name, isHere]);
  useEffect(() => void loadView(name), [name]);
  const View = loaded.value[name];
  if (loadProblem.value) return <Problem error={loadProblem.value} again={() => void loadView(name)} />;
  if (!View || !isHere) return <Working label="One moment" />;
  return <View path={place.value.path} query={place.value.query} />;
}

async function loadView(name: string): Promise<void> {
  if (loaded.value[name]) return;
  loadProblem.value = null;
  try {
    const { default: view } = await views[name]!.load();
    loaded.value = { ...loaded.value, [name]: view };
  } catch (error) {
    loadProblem.value = error;
  }
}

function toMain(event: Event): void {
  // The address names the place in the page, not a part of the document.
  event.preventDefault();
  document.getElementById('main')?.focus();
}
