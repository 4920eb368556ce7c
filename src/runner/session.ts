/** Everything that belongs to one run of a plan while it goes on. */
import { BatError } from '../core/errors.ts';
import type { BatEvent, Emit, StepCounts } from '../core/events.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Plan } from '../plan/plan.ts';
import { planFileOf } from '../plan/plan-file.ts';
import type { Lane, StepSetup } from '../steps/step.ts';
import type { Target } from '../targets/target.ts';
import type { PlanFile } from '../volume/manifest.ts';

export interface SessionOptions {
  plan: Plan;
  run: string;
  startedAt: Date;
  /** What the snapshots of this run are tagged with. */
  tags?: readonly string[];
  catalog: Catalog;
  emit: Emit;
  signal: AbortSignal;
  /** Targets whose being empty, or another one, is meant. */
  newTargets: readonly string[];
  allowEmpty: boolean;
  dryRun: boolean;
}

export class Session {
  readonly plan: Plan;
  readonly run: string;
  readonly startedAt: Date;
  readonly tags: readonly string[];
  readonly catalog: Catalog;
  readonly signal: AbortSignal;
  readonly newTargets: readonly string[];
  readonly allowEmpty: boolean;
  readonly dryRun: boolean;
  /** Set once the steps are prepared. */
  lanes: readonly Lane[] = [];
  /** One for each target that only copies fill, where these are worked on, too; a run leaves them alone. */
  readonly copyLanes: Lane[] = [];
  /** Why some of them are not there. That is no failure. */
  readonly away = new Map<string, BatError>();
  /** All that the plan stores to, in reach or not: what they say of names holds. */
  readonly planned = new Map<string, Target>();
  /** Targets that can be used. */
  readonly targets = new Map<string, Target>();
  /** Those of them that this catalog was the last to write to: what is there and unknown can only be its own. */
  readonly wroteLast = new Set<string>();
  /** Those of them where no other has begun to write since a sync took in all that lay there: it is known, whoever wrote it. */
  readonly upToDate = new Set<string>();
  /** Those of them that bear no sign of any catalog's having written there before this run. */
  readonly unmarked = new Set<string>();
  /** Those of them where earlier runs may have left something that the catalog does not know. */
  readonly unsettled = new Set<string>();
  /** Those that could not be read from, for a reason that is no single object's: nothing more is copied from them. */
  readonly unreadable = new Set<string>();
  /** Why each of the others cannot. */
  readonly failures = new Map<string, BatError>();
  #listeners: readonly Emit[];
  readonly #setups = new Map<string, StepSetup>();
  readonly #prepared = new Map<string, unknown>();
  readonly #planFile: PlanFile;
  #volumes = 0;

  constructor(options: SessionOptions) {
    this.plan = options.plan;
    this.#planFile = planFileOf(options.plan);
    this.run = options.run;
    this.startedAt = options.startedAt;
    this.tags = options.tags ?? [];
    this.catalog = options.catalog;
    this.signal = options.signal;
    this.newTargets = options.newTargets;
    this.allowEmpty = options.allowEmpty;
    this.dryRun = options.dryRun;
    this.#listeners = [options.emit];
  }

  readonly emit = (event: BatEvent): void => {
    for (const listener of this.#listeners) listener(event);
  };

  readonly nextVolume = (): number => ++this.#volumes;

  /** Takes a target out of the rest of the run. A bug is no target's failure and is thrown. */
  readonly giveUp = (id: string, error: unknown): void => {
    if (!(error instanceof BatError)) throw error;
    if (this.failures.has(id)) return;
    this.failures.set(id, error);
    this.targets.delete(id);
    this.emit({ type: 'target-failed', target: id, code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  };

  /** Hears everything; until what it returns is called. */
  listen(listener: Emit): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => void (this.#listeners = this.#listeners.filter((other) => other !== listener));
  }

  /** Hears the progress of one step of one source. */
  onProgress(source: string, step: string, hear: (counts: StepCounts) => void): void {
    this.listen((event) => {
      if (event.type === 'step-progress' && event.source === source && event.step === step) hear(event.counts);
    });
  }

  setupOf(id: string): StepSetup {
    let setup = this.#setups.get(id);
    if (!setup) {
      setup = {
        id,
        plan: this.plan.name,
        planFile: this.#planFile,
        folder: this.plan.folder,
        run: this.run,
        startedAt: this.startedAt,
        tags: this.tags,
        dryRun: this.dryRun,
        catalog: this.catalog,
        emit: this.emit,
        listen: (listener) => void this.listen(listener),
        signal: this.signal,
        prepared: this.#prepared,
      };
      this.#setups.set(id, setup);
    }
    return setup;
  }
}
