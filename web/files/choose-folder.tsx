import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { listFolder } from '../api/library.ts';
import { Dialog } from '../parts/dialog.tsx';
import { describe } from '../parts/describe.ts';
import { Icon } from '../parts/icons.tsx';
import { folders } from '../shell/session.ts';
import { isInside } from './paths.ts';
import { folderOf, nameOf, type Row } from './row.ts';

interface ChooseFolderProps {
  title: string;
  start: string;
  /** What is moved: it cannot go into itself, nor to where it is. */
  moved: Row[];
  choose(folder: string): void;
  close(): void;
}

/** Goes through the folders of the library to find one. */
export function ChooseFolder({ title, start, moved, choose, close }: ChooseFolderProps) {
  const at = useSignal(start);
  const inside = useSignal<string[] | null>(null);
  const problem = useSignal('');

  useEffect(() => {
    const { signal, abort } = controlled();
    inside.value = null;
    problem.value = '';
    void load(at.value, signal)
      .then((names) => (inside.value = names))
      .catch((error: unknown) => {
        if (!signal.aborted) problem.value = describe(error);
      });
    return abort;
  }, [at.value]);

  const fits = at.value !== '' && moved.every(({ path, type }) => folderOf(path) !== at.value && !(type === 'folder' && isInside(at.value, path)));
  return (
    <Dialog title={title} onClose={close} class="choose-folder">
      <div class="choose-here">
        <button type="button" class="quiet small" aria-label="One folder up" disabled={at.value === ''} onClick={() => (at.value = folderOf(at.value))}>
          <Icon name="up" />
        </button>
        <span class="cut" aria-live="polite">
          {at.value === '' ? 'All folders' : at.value}
        </span>
      </div>
      <ul class="choose-list" aria-label="Folders here">
        {inside.value?.map((path) => (
          <li key={path}>
            <button type="button" class="quiet" disabled={moved.some((row) => row.path === path)} onClick={() => (at.value = path)}>
              <Icon name="folder" />
              <span class="cut">{nameOf(path)}</span>
            </button>
          </li>
        ))}
        {inside.value?.length === 0 && <li class="quiet-text choose-none">No folder in here.</li>}
      </ul>
      <p class="bad-text" role="alert">
        {problem.value}
      </p>
      <div class="dialog-buttons">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="primary" disabled={!fits} onClick={() => choose(at.value)}>
          Move here
        </button>
      </div>
    </Dialog>
  );
}

function controlled(): { signal: AbortSignal; abort(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** The paths of the folders in a folder. */
async function load(folder: string, signal: AbortSignal): Promise<string[]> {
  if (folder === '') return folders.value;
  const paths: string[] = [];
  let after: string | undefined;
  do {
    const { entries, next } = await listFolder(folder, after, signal);
    for (const { name, type } of entries) if (type === 'folder') paths.push(`${folder}/${name}`);
    after = next;
  } while (after !== undefined);
  return paths;
}
