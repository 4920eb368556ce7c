/** What is stored: `bat snapshots`. The catalog knows it all; without one the names on the targets tell, and need no key. */
import { Manifests } from '../catalog/manifests.ts';
import { Snapshots } from '../catalog/snapshots.ts';
import { BatError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Plan } from '../plan/plan.ts';
import { nearest } from '../plan/words.ts';
import { timeOfId } from '../volume/names.ts';
import { openLocalCatalog, unlessDamaged } from './local-catalog.ts';
import { closeTargets, createTargets } from './plan-targets.ts';
import { Trust } from './store/trust.ts';
import { askTargets, mergeSnapshots } from './stored.ts';

export interface SnapshotsOptions {
  plan: Plan;
  /** Only these sources; all if it is empty. */
  sources: readonly string[];
  /** Only those that have one of these tags; all if it is empty. */
  tags?: readonly string[];
  /** What is doubtful on a target is taken all the same. */
  accept?: boolean;
  environment: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
}

export interface SnapshotRow {
  id: string;
  source: string;
  time: Date;
  /** Null where only the names on the targets are known. */
  files: number | null;
  bytes: number | null;
  /** The targets of the plan that hold it. */
  targets: string[];
  /** Both null where only the names on the targets are known. */
  tags: readonly string[] | null;
  protected: boolean | null;
}

/** Oldest first. Throws NOTHING_STORED, SNAPSHOT_NOT_FOUND for a source that nothing is stored of, and what the targets say if none answers. */
export async function listStored(options: SnapshotsOptions): Promise<SnapshotRow[]> {
  const rows = unlessDamaged(options.emit, () => fromCatalog(options)) ?? (await fromTargets(options));
  if (rows.length === 0) throw new BatError('NOTHING_STORED', `Nothing is stored of the plan ${options.plan.name} yet.`, { hint: 'Make a first backup with `bat run`.' });
  return tagged(chosen(rows, options.sources), options);
}

/** By target, how many snapshots lie there that the catalog has no more: they go with the next prune that reaches it. Only the catalog knows. */
export function listDeleted({ plan, environment }: Pick<SnapshotsOptions, 'plan' | 'environment'>): { target: string; snapshots: number }[] {
  const look = (): { target: string; snapshots: number }[] => {
    const catalog = openLocalCatalog(plan, environment);
    if (!catalog) return [];
    try {
      const manifests = new Manifests(catalog);
      return plan.targets.map(({ id }) => ({ target: id, snapshots: manifests.forgottenOn(id).length })).filter(({ snapshots }) => snapshots > 0);
    } finally {
      catalog.close();
    }
  };
  // That it is damaged has been said.
  return unlessDamaged(() => {}, look) ?? [];
}

/** Null if there is no catalog, or it has no snapshot yet: another machine may have made some. */
function fromCatalog({ plan, environment }: SnapshotsOptions): SnapshotRow[] | null {
  const catalog = openLocalCatalog(plan, environment);
  if (!catalog) return null;
  try {
    const snapshots = new Snapshots(catalog);
    const manifests = new Manifests(catalog);
    const held = plan.targets.map(({ id }) => ({ id, snapshots: new Set(manifests.on(id).map((manifest) => manifest.snapshot)) }));
    const rows = snapshots.list().map(({ id, source, time, files, bytes, ...marks }): SnapshotRow => {
      const targets = held.filter((target) => target.snapshots.has(id)).map((target) => target.id);
      return { id, source, time: timeOfId(id) ?? new Date(time), files, bytes, targets, tags: marks.tags, protected: marks.protected };
    });
    return rows.length === 0 ? null : rows;
  } finally {
    catalog.close();
  }
}

async function fromTargets({ plan, accept = false, environment, emit, signal }: SnapshotsOptions): Promise<SnapshotRow[]> {
  const targets = await createTargets({ plan, environment, emit });
  try {
    const holders = await askTargets(targets, emit, signal, new Trust({ plan, environment, accept, emit }));
    const holding = holders.map(({ target, stored }) => ({ target, ids: new Set(stored.map((snapshot) => snapshot.id)) }));
    return mergeSnapshots(holders).map(({ id, source, time }) => ({
      id,
      source,
      time,
      files: null,
      bytes: null,
      targets: holding.filter(({ ids }) => ids.has(id)).map(({ target }) => target.id),
      tags: null,
      protected: null,
    }));
  } finally {
    await closeTargets(targets);
  }
}

function chosen(rows: SnapshotRow[], sources: readonly string[]): SnapshotRow[] {
  const known = [...new Set(rows.map(({ source }) => source))].sort();
  for (const source of sources) {
    if (known.includes(source)) continue;
    const meant = nearest(source, known);
    throw new BatError('SNAPSHOT_NOT_FOUND', `Nothing is stored of a source "${source}".`, { hint: `${meant ? `Did you mean "${meant}"? ` : ''}Stored are: ${known.join(', ')}.` });
  }
  return sources.length === 0 ? rows : rows.filter(({ source }) => sources.includes(source));
}

function tagged(rows: SnapshotRow[], { plan, tags = [] }: SnapshotsOptions): SnapshotRow[] {
  if (tags.length === 0) return rows;
  if (rows.every((row) => row.tags === null)) {
    throw new BatError('NOTHING_STORED', `This machine has no catalog of the plan ${plan.name}, and the names on the targets do not tell tags.`, { hint: 'Rebuild it with `bat sync`, or leave `--tag` out.' });
  }
  const known = [...new Set(rows.flatMap((row) => row.tags ?? []))].sort();
  for (const tag of tags) {
    if (known.includes(tag)) continue;
    const meant = nearest(tag, known);
    throw new BatError('SNAPSHOT_NOT_FOUND', `No snapshot has the tag "${tag}".`, { hint: known.length === 0 ? 'None has a tag: `bat run --tag` and `bat snapshots tag` give them.' : `${meant ? `Did you mean "${meant}"? ` : ''}There are: ${known.join(', ')}.` });
  }
  return rows.filter((row) => row.tags?.some((tag) => tags.includes(tag)));
}
