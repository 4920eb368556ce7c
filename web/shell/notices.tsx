/** Short messages about what was done or refused: shown at the edge of the page, and read out. */
import { signal } from '@preact/signals';
import { Icon } from '../parts/icons.tsx';
import { place } from './router.ts';

interface Notice {
  id: number;
  kind: 'good' | 'bad';
  text: string;
}

const notices = signal<Notice[]>([]);
let last = 0;
/** Milliseconds that a good one stays; a bad one stays until it is closed, or one goes elsewhere. */
const stay = 6000;

export function notify(kind: Notice['kind'], text: string): void {
  const notice = { id: ++last, kind, text };
  notices.value = [...notices.value.slice(-3), notice];
  if (kind === 'good') setTimeout(() => dismiss(notice.id), stay);
}

let here = place.value;
place.subscribe((now) => {
  if (now === here) return;
  here = now;
  notices.value = notices.value.filter(({ kind }) => kind === 'good');
});

function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function Notices() {
  const of = (kind: Notice['kind']) => notices.value.filter((notice) => notice.kind === kind).map((notice) => <Message key={notice.id} notice={notice} />);
  return (
    <div class="notices">
      <div role="status">{of('good')}</div>
      <div role="alert">{of('bad')}</div>
    </div>
  );
}

function Message({ notice }: { notice: Notice }) {
  return (
    <div class={`notice ${notice.kind}`}>
      <Icon name={notice.kind === 'good' ? 'check' : 'warning'} />
      <p>{notice.text}</p>
      <button type="button" class="quiet small" aria-label="Close this message" onClick={() => dismiss(notice.id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
