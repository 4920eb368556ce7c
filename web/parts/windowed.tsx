import { useSignal } from '@preact/signals';
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';

interface WindowedProps {
  /** What scrolls. */
  scroller: RefObject<HTMLElement | null>;
  /** How many rows there are, and how high each is in pixels. */
  rows: number;
  rowHeight: number;
  row(index: number): ComponentChildren;
}

/** Rows beyond the edge that are there all the same. */
const spare = 6;

/** A list of any length of which only the rows in sight are in the page. */
export function Windowed({ scroller, rows, rowHeight, row }: WindowedProps) {
  const top = useSignal(0);
  const height = useSignal(800);

  useEffect(() => {
    const element = scroller.current!;
    const look = (): void => {
      top.value = Math.floor(element.scrollTop / rowHeight);
      height.value = element.clientHeight;
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      sizes.disconnect();
    };
  }, [rowHeight]);

  const first = Math.max(0, top.value - spare);
  const last = Math.min(rows, top.value + Math.ceil(height.value / rowHeight) + spare);
  // A list that became shorter may leave the window behind its end.
  useLayoutEffect(() => {
    const element = scroller.current!;
    top.value = Math.floor(element.scrollTop / rowHeight);
  }, [rows, rowHeight]);

  return (
    <div role="presentation" class="windowed" style={{ height: `${rows * rowHeight}px` }}>
      <div role="presentation" class="windowed-part" style={{ transform: `translateY(${first * rowHeight}px)` }}>
        {Array.from({ length: Math.max(0, last - first) }, (_, index) => row(first + index))}
      </div>
    </div>
  );
}

/** Scrolls so that this row is in sight. */
export function scrollToRow(element: HTMLElement, row: number, rowHeight: number, above = 0): void {
  const start = row * rowHeight;
  if (start < element.scrollTop) element.scrollTop = start;
  else if (start + rowHeight + above > element.scrollTop + element.clientHeight) element.scrollTop = start + rowHeight + above - element.clientHeight;
}
