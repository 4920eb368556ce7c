import { useRef } from 'preact/hooks';
import { Icon } from '../parts/icons.tsx';
import { collectChosen } from '../upload/collect.ts';
import { add } from '../upload/queue.ts';

/** Every browser knows it, and no standard. */
const wholeFolders = { webkitdirectory: true };
const takesFolders = 'webkitdirectory' in HTMLInputElement.prototype;

/** The file chooser, which on a phone is also that of its photos. */
export function UploadButtons({ folder, compact = false }: { folder: string; compact?: boolean }) {
  const files = useRef<HTMLInputElement>(null);
  const tree = useRef<HTMLInputElement>(null);

  function take(event: Event): void {
    const input = event.currentTarget as HTMLInputElement;
    if (input.files && input.files.length > 0) void add(collectChosen(input.files), folder);
    // The same files may be chosen again.
    input.value = '';
  }

  return (
    <>
      <button type="button" class="primary" onClick={() => files.current!.click()}>
        <Icon name="upload" />
        <span>Upload{compact ? '' : ' files'}</span>
      </button>
      <input ref={files} type="file" multiple hidden data-chooses="files" onChange={take} />
      {takesFolders && (
        <>
          <button type="button" class={compact ? 'wide-only' : ''} onClick={() => tree.current!.click()}>
            <Icon name="folder" />
            <span>Upload folder</span>
          </button>
          <input ref={tree} type="file" hidden data-chooses="folder" {...wholeFolders} onChange={take} />
        </>
      )}
    </>
  );
}
