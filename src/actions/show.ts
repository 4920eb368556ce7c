/** What lies where: the whole store, a snapshot, a path, an object: `bat show`. From the catalog, without a key. */
import { Snapshots } from '../catalog/snapshots.ts';
import { Spans } from '../catalog/spans.ts';
import { BatError } from '../core/errors.ts';
import type { Plan } from '../plan/plan.ts';
import { chooseKnown, openKnownCatalog } from './known-snapshots.ts';
import type { ShowItem } from './show/items.ts';
import type { Looking } from './show/looking.ts';
import { showObject } from './show/object.ts';
import { showPath } from './show/path.ts';
import { showSnapshot } from './show/snapshot.ts';
import { showStore } from './show/store.ts';

export interface ShowOptions {
  plan: Plan;
  /** An object's name, a snapshot as in store/choose.ts, or a path; undefined for the whole store. */
  what: string | undefined;
  /** Only these sources; all if it is empty. */
  sources: readonly string[];
  /** Levels of folders that are told apart. */
  collate: number;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

const betweenTurns = 1000;

/** Throws NOTHING_STORED, SNAPSHOT_NOT_FOUND for an unknown source, NOT_FOUND if there is nothing of that name at all. */
export async function* show({ plan, what, sources, collate, environment, signal }: ShowOptions): AsyncGenerator<ShowItem> {
  const catalog = openKnownCatalog(plan, environment);
  try {
    const snapshots = new Snapshots(catalog).list();
    const looking: Looking = { plan, catalog, snapshots, spans: new Spans(snapshots), collate, rest: resting(signal) };
    // An unknown source is an error, whatever is looked for.
    if (sources.length > 0) chooseKnown(snapshots, { snapshot: 'latest', sources });
    if (what === undefined) yield* showStore({ ...looking, spans: new Spans(snapshots.filter(({ source }) => sources.length === 0 || sources.includes(source))) });
    else yield* showNamed(looking, what, sources);
  } finally {
    catalog.close();
  }
}

/** A name with a slash may be an object's or a path; one without it a snapshot's, a source's or that of a file at the top. */
async function* showNamed(looking: Looking, what: string, sources: readonly string[]): AsyncGenerator<ShowItem> {
  if (yield* showObject(looking, what)) return;
  let failure: BatError;
  try {
    for (const snapshot of chooseKnown(looking.snapshots, { snapshot: what, sources })) yield* showSnapshot(looking, snapshot);
    return;
  } catch (error) {
    if (!(error instanceof BatError) || error.code !== 'SNAPSHOT_NOT_FOUND') throw error;
    failure = error;
  }
  if (yield* showPath(looking, what, sources)) return;
  const meant = what.includes('/') ? null : /^Did you mean \S+\?/.exec(failure.hint ?? '')?.[0];
  throw new BatError('NOT_FOUND', `There is no snapshot, file, folder or object "${what}" in the catalog.`, { hint: `${meant ? `${meant} ` : ''}Look for a file with \`bat find\`; \`bat show\` alone says what there is.`, cause: failure, subject: what });
}

function resting(signal: AbortSignal): Looking['rest'] {
  let count = 0;
  return () => {
    if (++count % betweenTurns !== 0) return undefined;
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => signal.throwIfAborted());
  };
}
