import { formatBytes } from '../../src/core/units.ts';
import { Icon } from '../parts/icons.tsx';
import { may } from '../shell/session.ts';
import { countOf, question } from './actions.ts';
import { mayMove } from './drag.ts';
import type { Row } from './row.ts';
import { selectAll, selectNone } from './selection.ts';

/** What to do with all that is chosen. */
export function SelectionBar({ rows }: { rows: Row[] }) {
  const bytes = rows.reduce((sum, row) => sum + row.size, 0);
  return (
    <div class="selection-bar" role="region" aria-label="Chosen">
      <span class="numbers" role="status">
        {countOf(rows)}
        {bytes > 0 ? `, ${formatBytes(bytes)}` : ''}
      </span>
      <button type="button" class="quiet" onClick={selectAll}>
        All
      </button>
      <span class="spring" />
      {mayMove() && (
        <button type="button" onClick={() => (question.value = { kind: 'move', rows })}>
          <Icon name="move" />
          <span class="wide-text">Move</span>
        </button>
      )}
      {may('delete') && (
        <button type="button" onClick={() => (question.value = { kind: 'delete', rows })}>
          <Icon name="delete" />
          <span class="wide-text">Delete</span>
        </button>
      )}
      <button type="button" class="quiet small" aria-label="Choose nothing" onClick={selectNone}>
        <Icon name="close" />
      </button>
    </div>
  );
}
