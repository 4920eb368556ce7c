import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { formatBytes, formatCount, formatDuration, formatRate } from '../../src/core/units.ts';
import { Icon } from '../parts/icons.tsx';
import { Windowed } from '../parts/windowed.tsx';
import { Announcements } from './announcements.tsx';
import type { Item } from './item.ts';
import { ItemLine } from './item-line.tsx';
import { away, cancelAll, clear, collecting, goOn, items, pause, paused, rate, tally, version } from './queue.ts';

/** Pixels; the same as in upload.css. */
const lineHeight = 56;

/** What is on its way to the server, in all and one by one. */
export function UploadPanel() {
  // On a phone the list would hide the files.
  const open = useSignal(matchMedia('(min-width: 40.01rem)').matches);
  // Read here, so that this is drawn again when the queue has changed.
  void version.value;
  if (items.length === 0 && collecting.value === 0) return null;
  const busy = tally.open > 0 || collecting.value > 0;
  return (
    <section class="uploads" aria-label="Uploads">
      <header class="uploads-head">
        <div class="uploads-sum">
          <h2>{title(busy)}</h2>
          <p class="quiet-text numbers">{progressInWords(busy)}</p>
        </div>
        {busy && (
          <button type="button" class="quiet small" aria-label={paused.value ? 'Go on' : 'Pause'} title={paused.value ? 'Go on' : 'Pause'} onClick={paused.value ? goOn : pause}>
            <Icon name={paused.value ? 'play' : 'pause'} />
          </button>
        )}
        <button type="button" class="quiet small" aria-label={open.value ? 'Hide the list' : 'Show the list'} aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
          <Icon name={open.value ? 'down' : 'up'} />
        </button>
        {busy ? (
          <button type="button" class="quiet small" aria-label="Cancel all" title="Cancel all" onClick={cancelAll}>
            <Icon name="close" />
          </button>
        ) : (
          <button type="button" class="quiet small" aria-label="Close" onClick={clear}>
            <Icon name="close" />
          </button>
        )}
      </header>
      {busy && <progress aria-label="All uploads" max={Math.max(1, tally.total)} value={tally.done} />}
      {open.value && <Items />}
      <Announcements />
    </section>
  );
}

function Items() {
  const scroller = useRef<HTMLDivElement>(null);
  const now = version.value;
  const order = inOrder(items);
  return (
    <div ref={scroller} class="uploads-list" role="list" aria-label="Files on their way" tabIndex={0}>
      <Windowed scroller={scroller} rows={order.length} rowHeight={lineHeight} row={(index) => <ItemLine key={order[index]!.id} item={order[index]!} version={now} />} />
    </div>
  );
}

/** What moves or wants an answer first, what comes next, and what was done last. */
function inOrder(all: readonly Item[]): Item[] {
  const by = Object.groupBy(all, ({ state }) => state.kind);
  const { sending = [], reading = [], failed = [], asking = [], waiting = [], cancelled = [], kept = [] } = by;
  return [...sending, ...reading, ...failed, ...asking, ...waiting, ...kept.reverse(), ...cancelled];
}

function title(busy: boolean): string {
  const { count } = tally;
  if (away.value) return 'The server does not answer';
  if (paused.value && busy) return 'Paused';
  if (collecting.value > 0 && count.sending === 0) return 'Looking through the folders';
  if (busy) return `Adding ${formatCount(tally.open, 'file')}`;
  if (count.failed > 0) return `${formatCount(count.failed, 'file')} could not be added`;
  return 'All is there';
}

function progressInWords(busy: boolean): string {
  const { count, known } = tally;
  const parts: string[] = [];
  if (away.value) parts.push('goes on by itself when it is back');
  if (busy) parts.push(`${formatBytes(tally.done)} of ${formatBytes(tally.total)}`);
  const speed = rate.of();
  if (busy && !paused.value && !away.value && count.sending > 0 && speed > 0) {
    parts.push(formatRate(speed), `${formatDuration(Math.max(1000, ((tally.total - tally.done) / speed) * 1000))} left`);
  }
  if (count.kept - known > 0) parts.push(`${formatCount(count.kept - known, 'file')} sent`);
  if (known > 0) parts.push(`${formatCount(known, 'file')} there before`);
  if (count.cancelled > 0) parts.push(`${formatCount(count.cancelled, 'file')} cancelled`);
  if (busy && count.failed > 0) parts.push(`${formatCount(count.failed, 'file')} failed`);
  // A number stays with its unit.
  return parts.map((part) => part.replaceAll(' ', '\u00a0')).join(' · ');
}
