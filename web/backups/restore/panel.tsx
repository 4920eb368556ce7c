import { formatBytes } from '../../../src/core/units.ts';
import { Icon } from '../../parts/icons.tsx';
import { shown } from '../words.ts';
import { cancel, clearEnded, restores, type Restore } from './restores.ts';

const words: Record<Restore['state'], string> = { waiting: 'waits', running: 'is restored', restored: 'restored and checked', failed: 'failed', cancelled: 'cancelled' };

/** What is being restored, and what came of it. */
export function RestorePanel() {
  const all = restores.value;
  if (all.length === 0) return null;
  const ended = all.filter(({ state }) => state !== 'waiting' && state !== 'running');
  return (
    <section class="restores" aria-label="Restores">
      <ul>
        {all.map((restore) => (
          <RestoreLine key={restore.id} restore={restore} />
        ))}
      </ul>
      {ended.length > 0 && (
        <button type="button" class="quiet small" onClick={clearEnded}>
          Clear the list
        </button>
      )}
      <p class="hidden-text" role="status">
        {ended.length > 0 && `${shown(ended.at(-1)!.name)}: ${words[ended.at(-1)!.state]}. ${ended.at(-1)!.problem}`}
      </p>
    </section>
  );
}

function RestoreLine({ restore: { id, name, size, done, state, problem } }: { restore: Restore }) {
  const isUnderWay = state === 'waiting' || state === 'running';
  return (
    <li class={`restore ${state}`}>
      <Icon name={state === 'restored' ? 'check' : state === 'failed' ? 'warning' : 'download'} />
      <div class="restore-words">
        <span class="cut">{shown(name)}</span>
        {isUnderWay && <progress aria-label={`Restoring ${shown(name)}`} max={Math.max(1, size)} value={done} />}
        <span class={state === 'failed' ? 'bad-text' : 'quiet-text numbers'}>
          {state === 'running' ? `${formatBytes(done)} of ${formatBytes(size)}` : words[state]}
          {problem !== '' && `: ${problem}`}
        </span>
      </div>
      {isUnderWay && (
        <button type="button" class="quiet small" aria-label={`Cancel ${shown(name)}`} onClick={() => cancel(id)}>
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}
