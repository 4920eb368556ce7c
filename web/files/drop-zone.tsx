import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Icon } from '../parts/icons.tsx';
import { notify } from '../shell/notices.tsx';
import { may } from '../shell/session.ts';
import { collectDropped } from '../upload/collect.ts';
import { add } from '../upload/queue.ts';

/** Takes files and folders that are dragged in from outside, for this folder of the library. */
export function DropZone({ folder, children }: { folder: string; children: ComponentChildren }) {
  const over = useSignal(false);
  const brings = (event: DragEvent): boolean => event.dataTransfer!.types.includes('Files');

  function onDragOver(event: DragEvent): void {
    if (!brings(event)) return;
    // Without this the browser would open the file in place of the page.
    event.preventDefault();
    event.dataTransfer!.dropEffect = folder !== '' && may('add') ? 'copy' : 'none';
    over.value = true;
  }

  function onDrop(event: DragEvent): void {
    over.value = false;
    if (!brings(event)) return;
    event.preventDefault();
    if (!may('add')) notify('bad', 'You may look at files here, and not add any.');
    else if (folder === '') notify('bad', 'Open the folder first that they are to go to.');
    else void add(collectDropped(event.dataTransfer!), folder);
  }

  return (
    <div
      class="drop-zone"
      onDragOver={onDragOver}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) over.value = false;
      }}
      onDrop={onDrop}
    >
      {children}
      {over.value && folder !== '' && may('add') && (
        <div class="drop-sign">
          <Icon name="upload" />
          <p>Drop to add to “{folder}”</p>
        </div>
      )}
    </div>
  );
}
