import { useSignal } from '@preact/signals';
import { Dialog } from '../parts/dialog.tsx';
import { describe } from '../parts/describe.ts';
import { addFolder, countOf, moveAll, question, removeAll } from './actions.ts';
import { ChooseFolder } from './choose-folder.tsx';
import { folderOf, type Row } from './row.ts';

/** The question that is open, if one is. */
export function Questions() {
  const open = question.value;
  const close = (): void => void (question.value = null);
  if (open?.kind === 'delete') return <DeleteQuestion rows={open.rows} close={close} />;
  if (open?.kind === 'new-folder') return <NewFolder folder={open.folder} close={close} />;
  if (open?.kind === 'move') {
    return (
      <ChooseFolder
        title={`Move ${open.rows.length === 1 ? `“${open.rows[0]!.name}”` : countOf(open.rows)} to`}
        start={folderOf(open.rows[0]!.path)}
        moved={open.rows}
        close={close}
        choose={(folder) => {
          close();
          void moveAll(open.rows, folder);
        }}
      />
    );
  }
  return null;
}

function DeleteQuestion({ rows, close }: { rows: Row[]; close(): void }) {
  const one = rows.length === 1 ? `“${rows[0]!.name}”` : countOf(rows);
  const hasFolder = rows.some(({ type }) => type === 'folder');
  return (
    <Dialog title={`Delete ${one}?`} onClose={close}>
      <p>
        {hasFolder ? 'A folder goes with everything that is in it. ' : ''}The server keeps no copy: what is deleted is gone.
      </p>
      <div class="dialog-buttons">
        <button type="button" autofocus onClick={close}>
          Keep
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            close();
            void removeAll(rows);
          }}
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}

function NewFolder({ folder, close }: { folder: string; close(): void }) {
  const name = useSignal('');
  const problem = useSignal('');
  const busy = useSignal(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    try {
      await addFolder(folder, name.value.trim());
      close();
    } catch (error) {
      problem.value = describe(error);
    } finally {
      busy.value = false;
    }
  }

  return (
    <Dialog title="New folder" onClose={close}>
      <form onSubmit={(event) => void submit(event)}>
        <label for="folder-name">Name</label>
        <input
          id="folder-name"
          autofocus
          required
          autocomplete="off"
          spellcheck={false}
          aria-describedby="folder-problem"
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
        <p id="folder-problem" class="bad-text" role="alert">
          {problem.value}
        </p>
        <div class="dialog-buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            Make it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
