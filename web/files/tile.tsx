import { useSignal } from '@preact/signals';
import { thumbnailUrl } from '../api/library.ts';
import { Icon } from '../parts/icons.tsx';
import { Menu } from '../parts/menu.tsx';
import { renaming } from './actions.ts';
import { choicesFor, hrefOf } from './choices.ts';
import { mayMove, startDrag, takesDrops } from './drag.ts';
import { iconOf } from './icon-of.ts';
import type { ItemProps } from './line.tsx';
import { NameInput } from './name-input.tsx';
import type { Row } from './row.ts';
import { isSelected, toggle, withSelected } from './selection.ts';

/** One photo among photos. */
export function Tile({ row, index, isFocused, isSearch }: ItemProps) {
  const tab = isFocused ? 0 : -1;
  const chosen = isSelected(row.path);
  const isRenamed = renaming.value === row.path;
  return (
    <div
      role="gridcell"
      class={chosen ? 'tile chosen' : 'tile'}
      tabIndex={tab}
      data-index={index}
      aria-selected={chosen}
      draggable={mayMove() && !isRenamed}
      onDragStart={(event) => startDrag(event, withSelected(row))}
      {...(row.type === 'folder' ? takesDrops(row.path) : {})}
    >
      <Picture row={row} />
      <input type="checkbox" class="tile-choice" aria-label={`Choose ${row.name}`} tabIndex={tab} checked={chosen} onChange={() => toggle(row.path)} />
      <div class="tile-foot">
        {isRenamed ? (
          <NameInput row={row} />
        ) : (
          <a class="cut stretched" href={hrefOf(row)} tabIndex={-1} draggable={false} title={row.name}>
            {row.name}
          </a>
        )}
        <Menu label={`What to do with ${row.name}`} tabIndex={tab} choices={choicesFor(row, isSearch)} />
      </div>
    </div>
  );
}

/** The server makes small pictures of most photos, not of all: a sign stands for the rest. */
function Picture({ row }: { row: Row }) {
  const has = useSignal(iconOf(row) === 'image');
  return (
    <div class="picture">
      {has.value ? <img src={thumbnailUrl(row.path, 320)} alt="" loading="lazy" decoding="async" draggable={false} onError={() => (has.value = false)} /> : <Icon name={iconOf(row)} />}
    </div>
  );
}
