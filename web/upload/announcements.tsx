import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { formatCount } from '../../src/core/units.ts';
import { away, paused, tally, version } from './queue.ts';

/** Milliseconds between two sentences: who listens is not to hear each percent. */
const calm = 10_000;

/** How far it is, for those who hear the page: now and then, at the end, and when it stops. */
export function Announcements() {
  const words = useSignal('');
  void version.value;
  const isOpen = tally.open > 0;
  useEffect(() => {
    const say = (): void => void (words.value = sentence());
    say();
    if (!isOpen) return undefined;
    const timer = setInterval(say, calm);
    return () => clearInterval(timer);
  }, [isOpen, away.value, paused.value]);
  return (
    <p role="status" class="hidden-text">
      {words.value}
    </p>
  );
}

function sentence(): string {
  if (away.value) return 'The server does not answer. The upload goes on when it is back.';
  if (tally.open === 0) return tally.count.failed > 0 ? `The upload is over. ${formatCount(tally.count.failed, 'file')} could not be added.` : 'The upload is over. All files are there.';
  if (paused.value) return 'The upload is paused.';
  const percent = Math.floor((100 * tally.done) / Math.max(1, tally.total));
  return `${formatCount(tally.open, 'file')} to go, ${percent} percent done.`;
}
