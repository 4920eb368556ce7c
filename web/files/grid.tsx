import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { scrollToRow, Windowed } from '../parts/windowed.tsx';
import { go } from '../shell/router.ts';
import { may } from '../shell/session.ts';
import { question, renaming } from './actions.ts';
import { mayMove } from './drag.ts';
import { Line } from './line.tsx';
import { hrefOf } from './choices.ts';
import type { Order, Row } from './row.ts';
import { focused, selectAll, selectNone, toggle, withSelected } from './selection.ts';
import { Tile } from './tile.tsx';
import type { Look } from './view.tsx';

interface GridProps {
  rows: Row[];
  look: Look;
  order: Signal<Order>;
  isSearch: boolean;
}

/** Pixels; the same numbers as in files.css. */
const lineHeight = 52;
const tileHeight = 208;
const tileWidth = 168;

/** The list or the photos: one line of both has the focus, and the arrows move it. */
export function Grid({ rows, look, order, isSearch }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const width = useSignal(1000);
  useEffect(() => {
    const element = scroller.current!;
    const sizes = new ResizeObserver(() => (width.value = element.clientWidth));
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);
  useEffect(() => {
    scroller.current!.scrollTop = 0;
  }, [order.value, look]);

  const columns = look === 'list' ? 1 : Math.max(2, Math.floor((width.value - 16) / tileWidth));
  const height = look === 'list' ? lineHeight : tileHeight;
  const at = Math.min(focused.value, rows.length - 1);

  // The line that was in focus may be another element now, after scrolling.
  const follow = useRef(false);
  useLayoutEffect(() => {
    if (!follow.current) return;
    follow.current = false;
    focusLine(scroller.current!, at);
  });

  // The line with the focus may be gone, or be another one: the keyboard stays in the list.
  const hasFocus = useRef(false);
  useLayoutEffect(() => {
    if (hasFocus.current && document.activeElement === document.body) focusLine(scroller.current!, at);
  }, [rows]);

  function moveTo(index: number): void {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    scrollToRow(scroller.current!, Math.floor(next / columns), height);
    // The window follows the scrolling at once, so that the line is there to take the focus.
    scroller.current!.dispatchEvent(new Event('scroll'));
    follow.current = true;
    if (focused.value === next) focusLine(scroller.current!, next);
    focused.value = next;
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey || renaming.value !== null) return;
    const row = rows[at];
    if (!row) return;
    const page = Math.max(1, Math.floor(scroller.current!.clientHeight / height) - 1) * columns;
    const steps: Record<string, number> = { ArrowDown: columns, ArrowUp: -columns, PageDown: page, PageUp: -page, Home: -at, End: rows.length - 1 - at };
    if (columns > 1) Object.assign(steps, { ArrowRight: 1, ArrowLeft: -1 });
    const step = steps[event.key];
    const onLine = event.target instanceof HTMLElement && event.target.dataset['index'] !== undefined;
    if (step !== undefined) moveTo(at + step);
    else if (event.key === 'Escape') selectNone();
    else if (event.key === 'a' && event.ctrlKey) selectAll();
    else if (event.key === 'F2' && mayMove()) renaming.value = row.path;
    else if (event.key === 'Delete' && may('delete')) question.value = { kind: 'delete', rows: withSelected(row) };
    else if (event.key === 'Enter' && onLine) go(hrefOf(row));
    else if (event.key === ' ' && onLine) toggle(row.path);
    else return;
    event.preventDefault();
  }

  const item = (index: number) => {
    const row = rows[index];
    if (!row) return null;
    const props = { row, index, isFocused: index === at, isSearch };
    return look === 'list' ? <Line key={row.path} {...props} /> : <Tile key={row.path} {...props} />;
  };
  const gridRow = (index: number) => (
    <div key={index} role="row" class="tiles" aria-rowindex={index + 1} style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
      {Array.from({ length: columns }, (_, column) => item(index * columns + column))}
    </div>
  );

  return (
    <div
      ref={scroller}
      class={`grid ${look}`}
      role="grid"
      aria-label="Files"
      aria-rowcount={Math.ceil(rows.length / columns)}
      aria-multiselectable="true"
      onKeyDown={onKeyDown}
      onFocusIn={(event) => {
        const line = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
        if (line) focused.value = Number(line.dataset['index']);
        hasFocus.current = true;
      }}
      onFocusOut={(event) => {
        // Without anything that takes it: the line was removed.
        if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget as Node)) hasFocus.current = false;
      }}
    >
      <Windowed scroller={scroller} rows={Math.ceil(rows.length / columns)} rowHeight={height} row={look === 'list' ? item : gridRow} />
    </div>
  );
}

function focusLine(scroller: HTMLElement, index: number): void {
  scroller.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true });
}
