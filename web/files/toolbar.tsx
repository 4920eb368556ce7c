import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../parts/icons.tsx';
import { Menu, type Choice } from '../parts/menu.tsx';
import { go, hashOf } from '../shell/router.ts';
import { may } from '../shell/session.ts';
import { lookThrough, question, syncing } from './actions.ts';
import { order } from './folder.ts';
import type { SortKey } from './row.ts';
import { UploadButtons } from './upload-buttons.tsx';

interface ToolbarProps {
  folder: string;
  words: string;
  look: Signal<'list' | 'photos'>;
}

export function Toolbar({ folder, words, look }: ToolbarProps) {
  const choices: Choice[] = [
    ...(may('add') && folder !== '' ? [{ label: 'New folder', icon: 'newFolder' as const, act: () => (question.value = { kind: 'new-folder', folder }) }] : []),
    { label: 'Look through again', icon: 'again', act: () => void lookThrough(folder === '' ? undefined : folder.split('/')[0]) },
  ];
  return (
    <div class="toolbar">
      {may('read') && <Search folder={folder} words={words} />}
      {may('read') && (folder !== '' || words !== '') && (
        <>
          <Sort />
          <LookSwitch look={look} />
        </>
      )}
      <div class="toolbar-end">
        {syncing.value && (
          <span class="quiet-text busy" role="status">
            <span class="spinner" /> Looking through …
          </span>
        )}
        {may('add') && folder !== '' && words === '' && <UploadButtons folder={folder} compact />}
        <Menu label="More" choices={choices} />
      </div>
    </div>
  );
}

/** Milliseconds without a key after which it is looked for. */
const calm = 250;

function Search({ folder, words }: { folder: string; words: string }) {
  const written = useSignal(words);
  const input = useRef<HTMLInputElement>(null);
  const due = useRef<ReturnType<typeof setTimeout>>(undefined);
  // Another place was gone to.
  useEffect(() => {
    if (document.activeElement !== input.current || words === '') written.value = words;
  }, [words]);

  function search(): void {
    clearTimeout(due.current);
    const text = written.value.trim();
    if (text === words) return;
    // The folder stays in the address: without words one is back in it.
    const here = folder === '' ? [''] : [...folder.split('/'), ''];
    go(hashOf('files', here, text === '' ? {} : { q: text }), { replace: words !== '' });
  }

  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        search();
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label="Search by name"
        placeholder="Search by name"
        autocomplete="off"
        spellcheck={false}
        value={written.value}
        onInput={(event) => {
          written.value = event.currentTarget.value;
          clearTimeout(due.current);
          due.current = setTimeout(search, calm);
        }}
      />
    </form>
  );
}

const orders: { key: SortKey; label: string; descending: boolean }[] = [
  { key: 'name', label: 'Name', descending: false },
  { key: 'name', label: 'Name, backwards', descending: true },
  { key: 'time', label: 'Newest first', descending: true },
  { key: 'time', label: 'Oldest first', descending: false },
  { key: 'size', label: 'Largest first', descending: true },
  { key: 'size', label: 'Smallest first', descending: false },
];

function Sort() {
  const at = orders.findIndex(({ key, descending }) => key === order.value.key && descending === order.value.descending);
  return (
    <select
      class="sort"
      aria-label="Order"
      value={at}
      onChange={(event) => {
        const { key, descending } = orders[Number(event.currentTarget.value)]!;
        order.value = { key, descending };
      }}
    >
      {orders.map(({ label }, index) => (
        <option key={label} value={index}>
          {label}
        </option>
      ))}
    </select>
  );
}

function LookSwitch({ look }: { look: Signal<'list' | 'photos'> }) {
  const button = (value: 'list' | 'photos', label: string, icon: 'list' | 'grid') => (
    <button type="button" class="quiet small" aria-label={label} title={label} aria-pressed={look.value === value} onClick={() => (look.value = value)}>
      <Icon name={icon} />
    </button>
  );
  return (
    <div class="look" role="group" aria-label="Look">
      {button('list', 'List', 'list')}
      {button('photos', 'Photos', 'grid')}
    </div>
  );
}
