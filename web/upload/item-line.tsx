import { formatBytes } from '../../src/core/units.ts';
import { describe } from '../parts/describe.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { hashOf } from '../shell/router.ts';
import { may } from '../shell/session.ts';
import { isOver, type Item, type State } from './item.ts';
import { cancel, paused, tryAgain } from './queue.ts';

const icons: Record<State['kind'], IconName> = { waiting: 'file', reading: 'file', asking: 'file', sending: 'upload', kept: 'check', failed: 'warning', cancelled: 'close' };

/** `version`: an item is changed in its place; another version says that it may have been. */
export function ItemLine({ item }: { item: Item; version: number }) {
  const { state, file } = item;
  return (
    <div role="listitem" class={`upload ${state.kind}`}>
      <Icon name={icons[state.kind]} />
      <div class="upload-words">
        <span class="cut" title={item.to}>
          {item.to}
        </span>
        <StateWords item={item} state={state} />
        {(state.kind === 'sending' || state.kind === 'reading') && (
          <progress aria-label={`${state.kind === 'sending' ? 'Sent' : 'Read'} of ${file.name}`} max={Math.max(1, file.size)} value={state.kind === 'sending' ? state.sent : state.done} class={state.kind} />
        )}
      </div>
      {state.kind === 'failed' && (
        <button type="button" class="quiet small" aria-label={`Try ${file.name} again`} onClick={() => tryAgain(item)}>
          <Icon name="again" />
        </button>
      )}
      {!isOver(item) && (
        <button type="button" class="quiet small" aria-label={`Cancel ${file.name}`} onClick={() => cancel(item)}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}

/** `state` for itself: the item is the same one when it has changed. */
function StateWords({ item: { file, to }, state }: { item: Item; state: State }) {
  const size = formatBytes(file.size);
  if (state.kind === 'failed') {
    const words = describe(state.error);
    return (
      <span class="cut bad-text" title={words}>
        {words}
      </span>
    );
  }
  if (state.kind === 'kept') {
    if (state.path === null) return <span class="quiet-text">{state.known ? 'there already' : 'added'}</span>;
    const link = may('read') ? <a href={hashOf('files', state.path.split('/'))}>{state.path}</a> : state.path;
    if (state.known) return <span class="cut quiet-text">there already: {link}</span>;
    return <span class="cut quiet-text">{state.path === to ? `added, ${size}` : <>added as {link}</>}</span>;
  }
  const words: Record<typeof state.kind, string> = {
    waiting: size,
    reading: `${size}, looking whether it is there`,
    asking: paused.value ? `${size}, paused` : `${size}, waiting`,
    sending: state.kind === 'sending' ? `${formatBytes(state.sent)} of ${size}` : '',
    cancelled: 'cancelled',
  };
  return <span class="cut quiet-text numbers">{words[state.kind]}</span>;
}
