/** Who can read what: a table, and what follows from it. */
import { relative } from 'node:path';
import type { RekeyResult, RekeyStep } from '../../actions/rekey.ts';
import { formatBytes, formatCount, formatNumber } from '../../core/units.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';
import { showTable } from './show-table.ts';

export function showReaders(out: Output, { steps, stored, changed }: RekeyResult, dryRun: boolean): void {
  for (const step of steps) for (const line of stepLines(step)) out.line(line);
  if (stored && stored.length > 0) {
    const now = new Set(steps.flatMap(({ after }) => after ?? []));
    out.line();
    showTable(out, {
      columns: [{ title: 'stored, readable by', least: 14 }, { title: 'in the plan' }, right('objects'), right('size'), right('snapshots')],
      rows: stored.map(({ recipients, objects, bytes, snapshots }) => [
        recipients === null ? 'everybody (plain)' : recipients.map(short).join(' or '),
        recipients === null ? '–' : inPlan(recipients, now, steps),
        formatNumber(objects),
        formatBytes(bytes),
        formatNumber(snapshots),
      ]),
    });
  } else if (!stored) {
    out.line('This machine has no catalog of the plan, so what is stored is not shown; `bat sync` makes one.');
  }
  out.line();
  for (const line of adviceOf(steps)) out.line(line);
  for (const file of changed) out.line(dryRun ? `would change ${relative('', file) || file}; nothing was written` : out.colours.green(`changed ${relative('', file) || file}`));
  if (changed.length === 0 && steps.some(({ before, after }) => before !== after)) out.line('nothing to change: the plan says so already');
}

export function readersToJson(shell: Shell, { steps, stored, changed }: RekeyResult, dryRun: boolean): void {
  for (const { step, before, after, again } of steps) shell.emitJson('encrypt_step', { step, before, after, storedAgain: again });
  for (const readable of stored ?? []) shell.emitJson('readable', { ...readable });
  shell.emitJson('summary', { dryRun, exitCode: 0, changed });
}

function right(title: string): { title: string; align: 'right' } {
  return { title, align: 'right' };
}

function stepLines({ step, before, after }: RekeyStep): string[] {
  if (before === null || after === null) return [`${step}: by a passphrase`];
  return [
    `${step}: what is written from now on is readable by`,
    ...after.map((recipient) => `  ${before.includes(recipient) ? ' ' : '+'} ${recipient}`),
    ...before.filter((recipient) => !after.includes(recipient)).map((recipient) => `  - ${recipient}`),
  ];
}

function inPlan(recipients: readonly string[], now: ReadonlySet<string>, steps: readonly RekeyStep[]): string {
  // The key behind a passphrase is bat's own.
  if (steps.some(({ after }) => after === null)) return '–';
  const known = recipients.filter((recipient) => now.has(recipient)).length;
  if (known === recipients.length) return 'yes';
  return known === 0 ? 'no' : 'in part';
}

/** `age1ql3z7hj…mcac8p`: enough to tell one from another. */
function short(recipient: string): string {
  return recipient.length <= 24 ? recipient : `${recipient.slice(0, 12)}…${recipient.slice(-6)}`;
}

function adviceOf(steps: readonly RekeyStep[]): string[] {
  const isAdded = steps.some(({ before, after }) => after?.some((recipient) => !before!.includes(recipient)));
  const isRemoved = steps.some(({ before, after }) => before?.some((recipient) => !after!.includes(recipient)));
  const again = steps.filter(({ again: { objects } }) => objects > 0);
  const lines = again.map(({ step, again: { objects, bytes } }) => `${step}: ${formatCount(objects, 'object')}, ${formatBytes(bytes)}, can be read by none of these. The next run stores what it still needs of them again, from a plain copy on another target or from the sources; until older snapshots are deleted, both take room.`);
  if (isAdded && again.length === 0) lines.push('The new reader cannot read what is stored, nor what later snapshots still use of it: keep the older keys. To have everything stored again for the new one, remove all the others.');
  if (isRemoved) lines.push('Who had a removed key can read what was stored until now, wherever a copy of it is. Removing a key protects what is new, and not what later snapshots still use of what is stored.');
  if (isRemoved && again.length === 0) lines.push('If the key got into wrong hands, remove every older key, so that all is stored again, and delete the older snapshots.');
  if (steps.some(({ after }) => after === null)) lines.push('If the passphrase is changed, the next run makes a key of its own for it and stores everything again. What is stored then needs the old passphrase.');
  return lines;
}
