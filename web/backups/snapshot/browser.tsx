import { useComputed, useSignal } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { formatCount } from '../../../src/core/units.ts';
import { Icon } from '../../parts/icons.tsx';
import { Problem } from '../../parts/problem.tsx';
import { scrollToRow, Windowed } from '../../parts/windowed.tsx';
import { Working } from '../../parts/working.tsx';
import { go } from '../../shell/router.ts';
import { hrefInSnapshot, type BackupAddress } from '../api.ts';
import { restore } from '../restore/restores.ts';
import type { ListedEntry } from '../vault/messages.ts';
import { EntryLine } from './entry-line.tsx';
import { Listing } from './listing.ts';

interface BrowserProps {
  address: BackupAddress;
  snapshot: string;
  folder: string;
  words: string;
  target: string | null;
}

/** Pixels; the same number as in backups.css. */
const lineHeight = 52;

/** A folder of the snapshot, or what a search has found. One line has the focus, and the arrows move it. */
export function Browser({ address, snapshot, folder, words, target }: BrowserProps) {
  const isSearch = words !== '';
  const listing = useMemo(() => (isSearch ? Listing.found(words) : Listing.ofFolder(folder)), [folder, words]);
  const scroller = useRef<HTMLDivElement>(null);
  const follow = useRef(false);
  const at = useSignal(0);
  const total = useComputed(() => listing.total.value);
  const query: Record<string, string> = target === null ? {} : { target };
  const hrefOf = (entry: ListedEntry): string => hrefInSnapshot(address, snapshot, entry.path, query);
  // Lines that have come are to be shown.
  void listing.version.value;

  useLayoutEffect(() => {
    if (!follow.current) return;
    follow.current = false;
    scroller.current?.querySelector<HTMLElement>(`[data-index="${at.value}"]`)?.focus({ preventScroll: true });
  });

  function act(entry: ListedEntry): void {
    if (entry.type === 'folder') go(hrefOf(entry));
    else restore(entry);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const count = total.value ?? 0;
    const page = Math.max(1, Math.floor(scroller.current!.clientHeight / lineHeight) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -count, End: count }[event.key];
    const entry = listing.at(at.value);
    const onLine = event.target instanceof HTMLElement && event.target.dataset['index'] !== undefined;
    if (step !== undefined) moveTo(Math.max(0, Math.min(count - 1, at.value + step)));
    else if (event.key === 'Enter' && onLine && entry) act(entry);
    else if (event.key === 'Backspace' && folder !== '' && !isSearch) go(hrefInSnapshot(address, snapshot, folder.split('/').slice(0, -1).join('/'), query));
    else return;
    event.preventDefault();
  }

  function moveTo(index: number): void {
    scrollToRow(scroller.current!, index, lineHeight);
    // The window follows the scrolling at once, so that the line is there to take the focus.
    scroller.current!.dispatchEvent(new Event('scroll'));
    follow.current = true;
    if (at.value === index) scroller.current!.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true });
    at.value = index;
  }

  return (
    <>
      <Search words={words} go={(words) => go(hrefInSnapshot(address, snapshot, folder, words === '' ? query : { ...query, q: words }))} />
      {listing.problem.value ? (
        <Problem error={listing.problem.value} />
      ) : total.value === undefined ? (
        <Working label={isSearch ? 'Searching' : 'Opening the folder'} />
      ) : total.value === 0 ? (
        <p class="empty">{isSearch ? 'Nothing has that in its name.' : 'This folder is empty.'}</p>
      ) : (
        <>
          <div
            ref={scroller}
            class="entries"
            role="grid"
            aria-label={isSearch ? 'Found in the snapshot' : 'Entries of the folder'}
            aria-rowcount={total.value}
            onKeyDown={onKeyDown}
            onFocusIn={(event) => {
              const line = (event.target as HTMLElement).closest<HTMLElement>('[data-index]');
              if (line) at.value = Number(line.dataset['index']);
            }}
          >
            <Windowed
              scroller={scroller}
              rows={total.value}
              rowHeight={lineHeight}
              row={(index) => {
                const entry = listing.at(index);
                return entry ? <EntryLine key={index} entry={entry} index={index} isFocused={index === at.value} isSearch={isSearch} href={hrefOf(entry)} /> : <div key={index} role="row" class="entry" aria-busy="true" />;
              }}
            />
          </div>
          <p class="count quiet-text numbers" role="status">
            {formatCount(total.value, 'entry', 'entries')}
            {listing.isCut && ', and more: write more of the name'}
          </p>
        </>
      )}
    </>
  );
}

function Search({ words, go }: { words: string; go(words: string): void }) {
  return (
    <form
      role="search"
      class="snapshot-search"
      onSubmit={(event) => {
        event.preventDefault();
        go((event.currentTarget.elements.namedItem('words') as HTMLInputElement).value.trim());
      }}
    >
      <div class="search">
        <Icon name="search" />
        <input key={words} type="search" name="words" aria-label="Search in the snapshot" placeholder="Search in the snapshot" defaultValue={words} autocomplete="off" />
      </div>
      <button type="submit">Search</button>
      {words !== '' && (
        <button type="button" class="quiet" onClick={() => go('')}>
          Show the folder
        </button>
      )}
    </form>
  );
}
