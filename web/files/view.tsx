import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { formatBytes, formatCount } from '../../src/core/units.ts';
import { listFolders, type LibraryFolder } from '../api/library.ts';
import { Icon } from '../parts/icons.tsx';
import { Problem } from '../parts/problem.tsx';
import { Working } from '../parts/working.tsx';
import { go, hashOf } from '../shell/router.ts';
import { folders, may } from '../shell/session.ts';
import type { ViewProps } from '../shell/views.ts';
import { question } from './actions.ts';
import { Breadcrumbs } from './breadcrumbs.tsx';
import { DropZone } from './drop-zone.tsx';
import { cutOff, leave, loading, order, problem, rows, show, wanted } from './folder.ts';
import { Grid } from './grid.tsx';
import { Preview } from './preview.tsx';
import { Questions } from './questions.tsx';
import { focused, selected, selectNone } from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';
import { Toolbar } from './toolbar.tsx';
import { UploadButtons } from './upload-buttons.tsx';

export type Look = 'list' | 'photos';
export const look = signal<Look>('list');

/** `#/files/` the folders of the library, `#/files/photos/2024/` one folder, without the last slash a file in front of its folder. */
export default function FilesView({ path, query }: ViewProps) {
  const words = query.get('q') ?? '';
  const file = path.at(-1) ? path.join('/') : null;
  const folder = path.slice(0, -1).join('/');
  const isSearch = words !== '';

  useEffect(() => {
    // Who has one folder need not choose it.
    if (folder === '' && !isSearch && folders.value.length === 1) go(hashOf('files', [folders.value[0]!, '']), { replace: true });
  }, [folder, isSearch]);
  useEffect(() => {
    if (!may('read')) return;
    if (isSearch) show({ words });
    else if (folder !== '') show({ folder });
    else leave();
  }, [folder, words]);
  useEffect(() => {
    selectNone();
    focused.value = 0;
  }, [folder, words]);
  useEffect(() => leave, []);

  return (
    <DropZone folder={isSearch ? '' : folder}>
      <div class="files-head">
        <Breadcrumbs folder={folder} words={words} />
        <Toolbar folder={folder} words={words} look={look} />
      </div>
      {may('read') ? <Content folder={folder} isSearch={isSearch} /> : <AddOnly folder={folder} />}
      {selected.value.length > 0 && <SelectionBar rows={selected.value} />}
      <Questions />
      {file !== null && may('read') && <Preview path={file} close={() => go(hashOf('files', path.slice(0, -1).concat(''), isSearch ? { q: words } : {}))} />}
    </DropZone>
  );
}

function Content({ folder, isSearch }: { folder: string; isSearch: boolean }) {
  if (folder === '' && !isSearch) return <Folders />;
  if (problem.value) return <Problem error={problem.value} again={() => showAgain()} />;
  if (rows.value.length === 0) return loading.value ? <Working label={isSearch ? 'Searching' : 'Opening the folder'} /> : <Nothing isSearch={isSearch} folder={folder} />;
  return (
    <>
      <Grid rows={rows.value} look={look.value} order={order} isSearch={isSearch} />
      <p class="count quiet-text numbers" role="status">
        {formatCount(rows.value.length, isSearch ? 'file' : 'entry', isSearch ? 'files' : 'entries')}
        {loading.value ? ' so far …' : cutOff.value ? ', and more: write more of the name' : ''}
      </p>
    </>
  );
}

function showAgain(): void {
  const what = wanted.value;
  leave();
  if (what) show(what);
}

/** What is in each is said once the server has; the links do not wait for it. */
function Folders() {
  const amounts = useSignal<LibraryFolder[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    listFolders(stop.signal).then((all) => (amounts.value = all), () => {});
    return () => stop.abort();
  }, []);
  const amountOf = (id: string): string => {
    const found = amounts.value.find((folder) => folder.id === id);
    if (!found) return '';
    return `${formatCount(found.files, 'file')}, ${formatBytes(found.bytes)}${found.quota === undefined ? '' : ` of ${formatBytes(found.quota)}`}`;
  };
  return (
    <ul class="folders">
      {folders.value.map((id) => (
        <li key={id}>
          <a href={hashOf('files', [id, ''])}>
            <Icon name="folder" />
            <span class="cut">{id}</span>
          </a>
          <p class="quiet-text numbers">{amountOf(id)}</p>
        </li>
      ))}
    </ul>
  );
}

function Nothing({ isSearch, folder }: { isSearch: boolean; folder: string }) {
  if (isSearch) return <p class="empty">No file has that in its name.</p>;
  if (!may('add')) return <p class="empty">This folder is empty.</p>;
  return (
    <div class="empty">
      <p>This folder is empty. Drop files or folders here, or choose them:</p>
      <div class="row-of-buttons">
        <UploadButtons folder={folder} />
        <button type="button" onClick={() => (question.value = { kind: 'new-folder', folder })}>
          <Icon name="newFolder" /> New folder
        </button>
      </div>
    </div>
  );
}

/** For a camera or a laptop whose token may put files here and not look at them. */
function AddOnly({ folder }: { folder: string }) {
  if (folder === '') return <Folders />;
  return (
    <div class="empty">
      <p>You may add files here, and not look at what is there. Drop files or folders, or choose them:</p>
      <div class="row-of-buttons">
        <UploadButtons folder={folder} />
      </div>
    </div>
  );
}
