import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { thumbnailUrl } from '../api/library.ts';
import { Icon } from '../parts/icons.tsx';
import { Menu } from '../parts/menu.tsx';
import { renaming } from './actions.ts';
import { choicesFor, hrefOf } from './choices.ts';
import { mayMove, startDrag, takesDrops } from './drag.ts';
import { drawnPicture } from './drawn-picture.ts';
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
      <Picture key={`${row.time} ${row.size}`} row={row} />
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

/** What the photo brings along, else one that is drawn here, else a sign. */
function Picture({ row }: { row: Row }) {
  const source = useSignal<string | null>(iconOf(row) === 'image' ? thumbnailUrl(row.path) : null);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);

  async function draw(): Promise<void> {
    const failed = source.value;
    source.value = null;
    // One that was drawn and cannot be shown is not drawn again.
    if (failed?.startsWith('blob:')) return;
    try {
      source.value = await drawnPicture(row, stop.current.signal);
    } catch {
      // The sign stays. What is wrong is told when the photo is opened.
    }
  }

  return <div class="picture">{source.value ? <img src={source.value} alt="" decoding="async" draggable={false} onError={() => void draw()} /> : <Icon name={iconOf(row)} />}</div>;
}
