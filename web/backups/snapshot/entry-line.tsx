import { formatBytes, formatCount } from '../../../src/core/units.ts';
import { Icon } from '../../parts/icons.tsx';
import { iconOf } from '../../files/icon-of.ts';
import { folderOf, formatTime } from '../../files/row.ts';
import { restore } from '../restore/restores.ts';
import type { ListedEntry } from '../vault/messages.ts';
import { shown } from '../words.ts';

interface EntryLineProps {
  entry: ListedEntry;
  index: number;
  isFocused: boolean;
  isSearch: boolean;
  /** Of a folder. */
  href: string;
}

/** One line of a folder in a snapshot. */
export function EntryLine({ entry, index, isFocused, isSearch, href }: EntryLineProps) {
  const { type, path, mtime, refused } = entry;
  const name = shown(entry.name);
  const tab = isFocused ? 0 : -1;
  const canBeRestored = (type === 'file' || type === 'hardlink') && refused === null;
  const time = mtime === null ? '' : formatTime(mtime * 1000);
  const size = sizeOf(entry);
  return (
    <div role="row" class="entry" data-index={index} tabIndex={tab} aria-rowindex={index + 1} aria-label={name}>
      <div role="gridcell" class="line-name">
        <Icon name={iconOf({ type: type === 'folder' ? 'folder' : 'file', name })} />
        <span class="line-words">
          {type === 'folder' ? (
            <a class="cut stretched" href={href} tabIndex={-1} title={name}>
              {name}
            </a>
          ) : canBeRestored ? (
            <button type="button" class="name-button cut" tabIndex={-1} title={`Restore ${name}`} onClick={() => restore(entry)}>
              {name}
            </button>
          ) : (
            <span class="cut" title={name}>
              {name}
            </span>
          )}
          {isSearch && <span class="cut quiet-text">{shown(folderOf(path))}</span>}
          {refused !== null && <span class="bad-text cut">Not restored: {refused}</span>}
          {noteOf(entry) !== '' && <span class="quiet-text cut">{noteOf(entry)}</span>}
          <span class="cut quiet-text phone-only numbers">{[size, time].filter(Boolean).join(' · ')}</span>
        </span>
      </div>
      <div role="gridcell" class="line-size numbers wide-only">
        {size}
      </div>
      <div role="gridcell" class="line-time numbers wide-only">
        {time}
      </div>
      <div role="gridcell" class="line-more">
        {canBeRestored && (
          <button type="button" class="quiet small" tabIndex={tab} aria-label={`Restore ${name}`} title={`Restore ${name}`} onClick={() => restore(entry)}>
            <Icon name="download" />
          </button>
        )}
      </div>
    </div>
  );
}

function sizeOf({ type, size, files }: ListedEntry): string {
  if (type === 'folder') return files === 0 ? '' : `${formatCount(files, 'file')}, ${formatBytes(size)}`;
  return type === 'file' || type === 'hardlink' ? formatBytes(size) : '';
}

function noteOf({ type, link }: ListedEntry): string {
  if (type === 'symlink') return `link to ${shown(link ?? '')}`;
  if (type === 'hardlink') return `the same file as ${shown(link ?? '')}`;
  return type === 'fifo' ? 'a pipe between programs' : '';
}
