/** Where a snapshot comes from, as its manifests say it: noted once, since a manifest may be written again long after. */
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import type { SnapshotOrigin } from '../../catalog/snapshots.ts';
import { formatMtime } from '../../core/entry.ts';
import { batVersion } from '../../core/version.ts';
import type { Source } from '../source.ts';

export function originOf(source: Source): SnapshotOrigin {
  const roots = source.roots.map(({ prefix, path }) => ({ prefix, path }));
  return { category: source.category, host: hostname(), version: batVersion, roots, ...topOf(source) };
}

/** The folder that the source itself is has no entry of its own: its entries begin below it. */
function topOf({ roots }: Source): Pick<SnapshotOrigin, 'top'> {
  const stat = roots.length === 1 && roots[0]!.prefix === '' ? statSync(roots[0]!.path, { throwIfNoEntry: false, bigint: true }) : undefined;
  if (!stat?.isDirectory()) return {};
  return { top: { mode: Number(stat.mode & 0o7777n), uid: Number(stat.uid), gid: Number(stat.gid), mtime: formatMtime(stat.mtimeNs) } };
}
