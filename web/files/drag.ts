/** Dragging lines onto a folder. What comes from outside of the page is an upload, and is taken by the drop zone. */
import { moveAll } from './actions.ts';
import { may } from '../shell/session.ts';
import { isInside } from './paths.ts';
import type { Row } from './row.ts';

const kind = 'application/x-bat-files';
/** What is being dragged: a page may not look into a drag before it is dropped. */
let dragged: Row[] = [];

export const mayMove = (): boolean => may('add') && may('delete');

export function startDrag(event: DragEvent, rows: Row[]): void {
  dragged = rows;
  event.dataTransfer!.setData(kind, '');
  event.dataTransfer!.effectAllowed = 'move';
}

/** Properties of an element that stands for this folder. */
export function takesDrops(folder: string) {
  const fits = (event: DragEvent): boolean => event.dataTransfer!.types.includes(kind) && dragged.length > 0 && !dragged.some((row) => row.type === 'folder' && isInside(folder, row.path));
  const mark = (event: Event, on: boolean): void => void (event.currentTarget as HTMLElement).classList.toggle('drop-here', on);
  return {
    onDragOver(event: DragEvent): void {
      if (!fits(event)) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = 'move';
      mark(event, true);
    },
    onDragLeave(event: DragEvent): void {
      mark(event, false);
    },
    onDrop(event: DragEvent): void {
      mark(event, false);
      if (!fits(event)) return;
      event.preventDefault();
      event.stopPropagation();
      const rows = dragged;
      dragged = [];
      void moveAll(rows, folder);
    },
  };
}
