import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { formatBytes } from '../../src/core/units.ts';
import { downloadUrl, fileUrl } from '../api/library.ts';
import { Icon } from '../parts/icons.tsx';
import { go } from '../shell/router.ts';
import { hrefOf } from './choices.ts';
import { rows } from './folder.ts';
import { iconOf } from './icon-of.ts';
import { nameOf } from './row.ts';
import { focused } from './selection.ts';
import { TextPreview, isText } from './text-preview.tsx';

/** A file in front of its list; the arrows go to the next one. */
export function Preview({ path, close }: { path: string; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current!.showModal();
    return () => {
      // The list's line that was shown last has the focus then.
      requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-index="${focused.value}"]`)?.focus());
    };
  }, []);

  const list = rows.value;
  const at = list.findIndex((row) => row.path === path);
  // Before the page is painted: who closes it at once finds the focus where the eye was.
  useLayoutEffect(() => {
    if (at >= 0) focused.value = at;
  }, [at]);

  function step(by: 1 | -1): void {
    if (at < 0) return;
    for (let index = at + by; list[index] !== undefined; index += by) {
      if (list[index]!.type === 'file') return go(hrefOf(list[index]!), { replace: true });
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    // A film has its own use for the arrows.
    if (event.target instanceof HTMLMediaElement) return;
    if (event.key === 'ArrowRight') step(1);
    else if (event.key === 'ArrowLeft') step(-1);
  }

  const name = nameOf(path);
  return (
    <dialog
      ref={dialog}
      class="preview"
      aria-label={name}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div class="preview-head">
        <h2 class="cut">{name}</h2>
        <span class="quiet-text numbers wide-only">{at >= 0 ? formatBytes(list[at]!.size) : ''}</span>
        <a class="button" href={downloadUrl(path)} download>
          <Icon name="download" />
          <span class="wide-text">Download</span>
        </a>
        <button type="button" class="quiet" aria-label="Close" autofocus onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="preview-body">
        <Shown key={path} path={path} />
      </div>
      <div class="preview-steps">
        <button type="button" class="quiet" aria-label="The one before" disabled={at <= 0} onClick={() => step(-1)}>
          <Icon name="left" />
        </button>
        <button type="button" class="quiet" aria-label="The next one" disabled={at < 0 || at === list.length - 1} onClick={() => step(1)}>
          <Icon name="right" />
        </button>
      </div>
    </dialog>
  );
}

/** As the browser itself can show it; what it cannot, it says. */
function Shown({ path }: { path: string }) {
  const failed = useSignal(false);
  const name = nameOf(path);
  const icon = iconOf({ type: 'file', name });
  const fail = (): void => void (failed.value = true);
  if (!failed.value && icon === 'image') return <img src={fileUrl(path)} alt={name} onError={fail} />;
  if (!failed.value && icon === 'video') return <video src={fileUrl(path)} controls aria-label={name} onError={fail} />;
  if (!failed.value && icon === 'audio') return <audio src={fileUrl(path)} controls aria-label={name} onError={fail} />;
  if (isText(name)) return <TextPreview path={path} />;
  return (
    <div class="empty">
      <Icon name={icon} />
      <p>This browser cannot show it here. Download it to open it.</p>
    </div>
  );
}
