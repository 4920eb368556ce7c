import { render } from 'preact';
import { App } from './shell/app.tsx';
import { loadSession } from './shell/session.ts';

render(<App />, document.getElementById('page')!);
void loadSession();
