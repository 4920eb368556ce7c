import { formatCount } from '../../core/units.ts';

/** Snapshots that were forgotten and still lie on a target, since that was not there when they went, or its token may only add. */
export function leftLine(target: string, snapshots: number): string {
  return `${target} still holds ${formatCount(snapshots, 'snapshot')} that ${snapshots === 1 ? 'was' : 'were'} deleted: \`bat prune\` removes ${snapshots === 1 ? 'it' : 'them'} while ${target} is there and lets it.`;
}
