/** What every kind of `bat show` looks at. */
import type { Catalog } from '../../catalog/catalog.ts';
import type { Snapshot } from '../../catalog/snapshots.ts';
import type { Spans } from '../../catalog/spans.ts';
import type { Plan } from '../../plan/plan.ts';

export interface Looking {
  plan: Plan;
  catalog: Catalog;
  /** Oldest first. */
  snapshots: readonly Snapshot[];
  spans: Spans;
  /** Levels of folders that are told apart. */
  collate: number;
  /** Lets the event loop go now and then. Throws the signal's reason once it is aborted. */
  rest: () => Promise<void> | void;
}
