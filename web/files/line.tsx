import { formatBytes } from '../../src/core/units.ts';
import { Icon } from '../parts/icons.tsx';
import { Menu } from '../parts/menu.tsx';
import { renaming } from './actions.ts';
import { choicesFor, hrefOf } from './choices.ts';
import { mayMove, startDrag, takesDrops } from './drag.ts';
import { iconOf } from './icon-of.ts';
import { NameInput } from './name-input.tsx';
import { folderOf, formatTime, type Row } from './row.ts';
import { isSelected, toggle, withSelected } from './selection.ts';

export interface ItemProps {
  row: Row;
  index: number;
  isFocused: boolean;
  isSearch: boolean;
}

/** One line of the list. What is in it can be reached with the tab key while the line has the focus. */
export function Line({ row, index, isFocused, isSearch }: ItemProps) {
  const tab = isFocused ? 0 : -1;
  const chosen = isSelected(row.path);
  const isRenamed = renaming.value === row.path;
  return (
    <div
      role="row"
      class={chosen ? 'line chosen' : 'line'}
      tabIndex={tab}
      data-index={index}
      aria-rowindex={index + 1}
      aria-selected={chosen}
      aria-label={row.name}
      draggable={mayMove() && !isRenamed}
      onDragStart={(event) => startDrag(event, withSelected(row))}
      {...(row.type === 'folder' ? takesDrops(row.path) : {})}
    >
      <div role="gridcell" class="line-choice">
        <input type="checkbox" aria-label={`Choose ${row.name}`} tabIndex={tab} checked={chosen} onChange={() => toggle(row.path)} />
      </div>
      <div role="gridcell" class="line-name">
        <Icon name={iconOf(row)} />
        {isRenamed ? (
          <NameInput row={row} />
        ) : (
          <span class="line-words">
            <a class="cut stretched" href={hrefOf(row)} tabIndex={-1} draggable={false} title={row.name}>
              {row.name}
            </a>
            {isSearch ? (
              <span class="cut quiet-text">{folderOf(row.path)}</span>
            ) : (
              <span class="cut quiet-text phone-only numbers">{[row.type === 'file' ? formatBytes(row.size) : '', formatTime(row.time)].filter(Boolean).join(' · ')}</span>
            )}
          </span>
        )}
      </div>
      <div role="gridcell" class="line-size numbers wide-only">
        {row.type === 'file' ? formatBytes(row.size) : ''}
      </div>
      <div role="gridcell" class="line-time numbers wide-only">
        {formatTime(row.time)}
      </div>
      <div role="gridcell" class="line-more">
        <Menu label={`What to do with ${row.name}`} tabIndex={tab} choices={choicesFor(row, isSearch)} />
      </div>
    </div>
  );
}
