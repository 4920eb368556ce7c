/** Snapshots whose tags or protection were changed, a line each. */
import type { MarkedSnapshot } from '../../actions/mark-snapshots.ts';
import { formatCount } from '../../core/units.ts';
import type { Shell } from '../shell.ts';

export function showMarked(shell: Shell, marked: readonly MarkedSnapshot[], exitCode: number): void {
  if (shell.json) {
    for (const snapshot of marked) shell.emitJson('marked', { ...snapshot });
    shell.emitJson('summary', { snapshots: marked.length, changed: marked.filter(({ isChanged }) => isChanged).length, exitCode });
    return;
  }
  const { out } = shell;
  for (const { id, tags, isChanged, ...snapshot } of marked) {
    const state = [...(tags.length > 0 ? [`tagged ${tags.join(', ')}`] : ['no tags']), ...(snapshot.protected ? ['protected'] : [])].join(' · ');
    out.line(`${id}  ${state}${isChanged ? '' : out.colours.dim(' (as before)')}`);
  }
  const changed = marked.filter(({ isChanged }) => isChanged).length;
  const late = exitCode === 0 ? '' : '; targets that could not be reached are told by the next run or prune (exit code 4)';
  out.line(out.colours.dim(`${formatCount(changed, 'snapshot')} changed${late}`));
}
