/** What changed between two snapshots of a source, or since one of them: `bat diff`. From the catalog, without a key. */
import type { Catalog } from '../catalog/catalog.ts';
import { Changes } from '../catalog/changes.ts';
import { Contents } from '../catalog/contents.ts';
import { DifferenceList, type ListedDifference, type Side } from '../catalog/difference-list.ts';
import type { CatalogEntry } from '../catalog/entry-rows.ts';
import { Snapshots, type Snapshot } from '../catalog/snapshots.ts';
import { BatError } from '../core/errors.ts';
import type { Emit } from '../core/events.ts';
import type { Plan } from '../plan/plan.ts';
import { compareWithDisk } from './diff/disk.ts';
import { kindOf, whatChanged, type Aspect, type Kind } from './diff/what-changed.ts';
import { chooseKnown, openKnownCatalog } from './known-snapshots.ts';

export interface DiffOptions {
  plan: Plan;
  /** As in store/choose.ts. */
  before: string;
  /** Null for the disk as it is now. */
  after: string | null;
  /** Only these sources; all that both have if it is empty. */
  sources: readonly string[];
  /** Of the disk: compare by content, not by size and time. */
  checksum: boolean;
  environment: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
}

export interface Difference extends ListedDifference {
  kind: Kind;
  aspects: Aspect[];
}

/** How many, and the bytes of their files: as they were of what was removed, else as they are. */
export type DiffTotals = Record<Kind, { entries: number; bytes: number }>;

export interface Comparison {
  source: string;
  before: Snapshot;
  /** Null for the disk. */
  after: Snapshot | null;
}

export type DiffEvent =
  | ({ type: 'begin' } & Comparison)
  | ({ type: 'difference'; source: string } & Difference)
  | ({ type: 'end'; totals: DiffTotals } & Comparison);

const betweenTurns = 1000;

/**
 * One source after the other; the differences by folder and name. Throws NOTHING_STORED, SNAPSHOT_NOT_FOUND; USAGE if the two
 * have no source in common; SOURCE_MISSING if the source is not on the disk.
 */
export async function* diff(options: DiffOptions): AsyncGenerator<DiffEvent> {
  const catalog = openKnownCatalog(options.plan, options.environment);
  try {
    const all = new Snapshots(catalog).list();
    const comparisons = options.after === null ? withDisk(all, options) : inCommon(all, { ...options, after: options.after });
    for (const comparison of comparisons) {
      yield { type: 'begin', ...comparison };
      const list = new DifferenceList();
      try {
        await fill(list, catalog, comparison, options);
        list.pairRenamed();
        const totals = noTotals();
        let count = 0;
        for (const difference of list.inOrder()) {
          if (++count % betweenTurns === 0) await turn(options.signal);
          const told = describe(difference);
          if (!told) continue;
          add(totals, told);
          yield { type: 'difference', source: comparison.source, ...told };
        }
        yield { type: 'end', ...comparison, totals };
      } finally {
        list.close();
      }
    }
  } finally {
    catalog.close();
  }
}

function inCommon(all: readonly Snapshot[], { before, after, sources }: DiffOptions & { after: string }): Comparison[] {
  const old = chooseKnown(all, { snapshot: before, sources });
  const now = chooseKnown(all, { snapshot: after, sources });
  const pairs = old.flatMap((one) => now.filter(({ source }) => source === one.source).map((other): Comparison => ({ source: one.source, before: one, after: other })));
  if (pairs.length > 0) return pairs;
  throw new BatError('USAGE', `${before} is of ${names(old)}, and ${after} is of ${names(now)}.`, { hint: 'Snapshots can be compared that are of the same source; see `bat snapshots`.' });
}

function withDisk(all: readonly Snapshot[], { plan, before, sources, emit }: DiffOptions): Comparison[] {
  const chosen = chooseKnown(all, { snapshot: before, sources });
  const found: Comparison[] = [];
  for (const snapshot of chosen) {
    const problem = notOnDisk(plan, snapshot.source);
    if (problem === null) found.push({ source: snapshot.source, before: snapshot, after: null });
    else if (chosen.length > 1) emit({ type: 'issue', source: snapshot.source, issue: { kind: 'note', message: problem } });
    else throw new BatError('USAGE', `${snapshot.source}: ${problem}`, { hint: 'Name two snapshots to compare these.' });
  }
  return found;
}

function notOnDisk(plan: Plan, id: string): string | null {
  const source = plan.sources.find((one) => one.id === id);
  if (!source) return 'The plan has no such source any more, so there is nothing to compare it with.';
  return source.command ? 'This is the output of a command, which does not lie on the disk.' : null;
}

async function fill(list: DifferenceList, catalog: Catalog, { source, before, after }: Comparison, { plan, checksum, emit, signal }: DiffOptions): Promise<void> {
  if (!after) {
    return compareWithDisk({ catalog, source: plan.sources.find((one) => one.id === source)!, snapshot: before, list, checksum, signal, issue: (issue) => emit({ type: 'issue', source, issue }) });
  }
  const contents = new Contents(catalog);
  const side = (found: CatalogEntry | null, number: number): Side | null => {
    if (!found) return null;
    const holder = contents.holderOf(source, found, number);
    return { entry: found.entry, sha256: holder && contents.hashOf(holder) };
  };
  // The catalog is asked in the order of time, whichever way they are compared.
  const isForward = before.number <= after.number;
  const [first, second] = isForward ? [before, after] : [after, before];
  let count = 0;
  for (const change of new Changes(catalog).between(source, first.number, second.number)) {
    if (++count % betweenTurns === 0) await turn(signal);
    const [old, now] = [side(change.before, first.number), side(change.after, second.number)];
    list.put((old ?? now)!.entry.path, ...(isForward ? ([old, now] as const) : ([now, old] as const)));
  }
}

/** Null if there is no difference that counts. */
function describe(difference: ListedDifference): Difference | null {
  const { before, after } = difference;
  const aspects = before && after ? whatChanged(before, after) : [];
  const kind = kindOf(before, after, aspects);
  return aspects.length === 0 && (kind === 'changed' || kind === 'metadata') ? null : { ...difference, kind, aspects };
}

function add(totals: DiffTotals, { kind, before, after }: Difference): void {
  const { entry } = (after ?? before)!;
  totals[kind].entries++;
  // Further names of a file have no bytes of their own.
  if (entry.type === 'file') totals[kind].bytes += entry.size;
}

function noTotals(): DiffTotals {
  const none = () => ({ entries: 0, bytes: 0 });
  return { added: none(), removed: none(), renamed: none(), changed: none(), metadata: none() };
}

async function turn(signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate);
  signal.throwIfAborted();
}

function names(snapshots: readonly Snapshot[]): string {
  return snapshots.map(({ source }) => source).join(', ');
}
