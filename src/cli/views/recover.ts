/** What a bare machine finds at an address. */
import type { RecoverablePlan } from '../../actions/recover.ts';
import { formatCount } from '../../core/units.ts';
import type { PlanFile } from '../../volume/manifest.ts';
import type { Shell } from '../shell.ts';
import { localTime } from './local-time.ts';
import { showTable } from './show-table.ts';

export function showPlans(shell: Shell, plans: readonly RecoverablePlan[]): void {
  for (const found of plans) {
    if (shell.json) {
      const { plan, location, hosts, signers } = found;
      shell.emitJson('plan', { plan, location, hosts, signers, snapshots: found.snapshots.length });
      for (const { id, source, time } of found.snapshots) shell.emitJson('snapshot', { plan, id, source, time: time.toISOString() });
      continue;
    }
    if (found !== plans[0]) shell.out.line();
    showPlan(shell, found);
    showTable(shell.out, {
      columns: [{ title: 'snapshot' }, { title: 'source', least: 6 }, { title: 'time' }],
      rows: found.snapshots.map(({ id, source, time }) => [id, source, localTime(time)]),
    });
  }
}

/** The plan in two lines: where it lies, and who has written it. */
export function showPlan({ out }: Shell, { plan, location, hosts, signers, snapshots }: RecoverablePlan): void {
  out.line(`plan ${out.colours.bold(plan)}, ${formatCount(snapshots.length, 'snapshot')}${hosts.length === 0 ? '' : `, written by ${hosts.join(', ')}`} ${out.colours.dim(`(${location})`)}`);
  for (const signer of signers) out.line(out.colours.dim(`signed by ${signer}`));
}

export function showWritten(shell: Shell, file: string, { name, text }: PlanFile, quiet: boolean): void {
  if (shell.json) shell.emitJson('plan_written', { file, name });
  else if (!quiet) shell.out.line(shell.out.colours.green(`wrote the plan (${name} when it was stored) to ${file}`));
  const missing = [...new Set(text.match(/\$\{[A-Z0-9_]+\}/g) ?? [])];
  if (missing.length > 0 && !shell.json && !quiet) shell.out.line(`its secrets are not in it: set ${missing.join(', ')} in the environment or in a file .env beside it`);
}
