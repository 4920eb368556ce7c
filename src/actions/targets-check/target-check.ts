/** The check of one target: in, all the questions, and out again without a trace. */
import { BatError } from '../../core/errors.ts';
import type { Emit } from '../../core/events.ts';
import type { RetryPolicy } from '../../core/retry.ts';
import type { Environment } from '../../plan/interpolate.ts';
import type { Plan, TargetSpec } from '../../plan/plan.ts';
import { resolveSecrets } from '../../plan/secrets.ts';
import { makeTarget } from '../../runner/make-target.ts';
import type { Case, Scale } from '../../targets/conformance/case.ts';
import { conformance } from '../../targets/conformance/index.ts';
import type { Target } from '../../targets/target.ts';
import { explainDenied } from './explain-denied.ts';
import type { CheckOutlook, CheckSummary, Failure, TellCheck } from './report.ts';
import { openScratch, type Scratch } from './scratch.ts';

export interface TargetCheckOptions {
  plan: Plan;
  full: boolean;
  /** The store that the catalog knows it as: then it must be there, and be that one. */
  store: string | null;
  /** The variables of the plan's .env, too. */
  environment: Environment;
  signal: AbortSignal;
  tell: TellCheck;
}

/** A page of a listing has 1,000 objects at most in any known API; a part has 5 MiB at least in some. */
const scale: Scale = { manyObjects: 1500, largeObject: 40_000_000 };
/** Bytes of all the small objects, about. */
const smallObjects = 150_000;
/** A check is watched: it rather says what fails than waits for hours. */
const patience: RetryPolicy = { attempts: 3, wait: 1000, maxWait: 10_000, within: 60_000 };

export class TargetCheck {
  readonly #spec: TargetSpec;
  readonly #options: TargetCheckOptions;
  readonly #cases: readonly Case[];
  readonly #summary: CheckSummary;
  /** With its secrets, once they are fetched. */
  #resolved: Record<string, unknown> = {};
  #retries = 0;

  constructor(spec: TargetSpec, options: TargetCheckOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#cases = conformance.flatMap(({ cases }) => cases).filter((each) => options.full || !each.large);
    this.#summary = { target: spec.id, ok: false, passed: 0, failed: 0, skipped: 0, leftOut: 0, sent: 0, calls: 0, leftBehind: [] };
  }

  /** Throws INTERRUPTED once everything is removed. */
  async run(): Promise<CheckSummary> {
    const { tell } = this.#options;
    const summary = this.#summary;
    tell({ type: 'target', target: this.#spec.id, kind: this.#spec.type.type });
    const scratch = await this.#enter();
    if (scratch) await this.#ask(scratch);
    summary.ok = summary.failed === 0 && summary.leftBehind.length === 0;
    tell({ type: 'summary', summary });
    return summary;
  }

  /** Null where the target cannot be used at all. */
  async #enter(): Promise<Scratch | null> {
    const { id, type, options } = this.#spec;
    const { plan, store, environment, signal } = this.#options;
    let entered: Scratch | null = null;
    const connecting = { id: 'access/connect', title: 'can be reached with what the plan says', hint: 'Correct the target in the plan, or what it refers to.' };
    await this.#judge(connecting, async () => {
      this.#resolved = await resolveSecrets(options, type.schema, { folder: plan.folder, environment, owner: `the target ${id}`, where: () => plan.file });
      try {
        entered = await openScratch((place) => this.#make(place), { plan: plan.name, store, signal });
      } catch (error) {
        throw await this.#explain(error);
      }
    });
    if (!entered) this.#summary.leftOut = this.#cases.length;
    return entered;
  }

  async #ask(scratch: Scratch): Promise<void> {
    const { signal, tell } = this.#options;
    tell({ type: 'outlook', outlook: outlookOf(scratch.target, this.#cases) });
    try {
      await this.#askAll(scratch);
    } finally {
      tell({ type: 'cleaning', target: this.#spec.id });
      const leftBehind = await scratch.leave();
      const { calls, sent, classes } = scratch.ledger;
      Object.assign(this.#summary, { leftBehind, calls, sent, ...(classes.size > 0 ? { storageClass: Object.fromEntries(classes) } : {}) });
      if (signal.aborted) sayInterrupted(leftBehind, scratch.target.location);
    }
  }

  async #askAll(scratch: Scratch): Promise<void> {
    const bench = scratch.bench(scale);
    for (const [index, each] of this.#cases.entries()) {
      const passed = await this.#judge(each, async () => {
        try {
          return await each.run(bench);
        } catch (error) {
          throw each.id === 'access/write' ? await this.#explain(error) : error;
        }
      });
      await scratch.clean();
      if (passed || !each.essential) continue;
      this.#summary.leftOut = this.#cases.length - index - 1;
      return;
    }
  }

  /** Whether it passed. What is no BatError is a bug, and an aborted signal the end. */
  async #judge({ id, title, hint }: Pick<Case, 'id' | 'title' | 'hint'>, work: () => Promise<void | 'not-offered'>): Promise<boolean> {
    const { signal, tell } = this.#options;
    const [start, retries] = [performance.now(), this.#retries];
    const tellResult = (status: 'passed' | 'failed' | 'skipped', failure?: Failure): void => {
      this.#summary[status]++;
      const result = { target: this.#spec.id, id, title, status, retries: this.#retries - retries, duration: performance.now() - start };
      tell({ type: 'result', result: failure ? { ...result, failure } : result });
    };
    tell({ type: 'begins', target: this.#spec.id, title });
    try {
      const answer = await work();
      tellResult(answer === 'not-offered' ? 'skipped' : 'passed');
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BatError)) throw error;
      tellResult('failed', { code: error.code, message: error.message, hint: error.hint ?? hint });
      return false;
    }
  }

  #explain(error: unknown): Promise<unknown> {
    return explainDenied(error, () => this.#make(this.#options.plan.name), this.#options.signal);
  }

  /** An instance of the target over the place of a plan of this name. */
  #make(plan: string): Target {
    const emit: Emit = ({ type }) => {
      if (type === 'retry') this.#retries++;
    };
    return makeTarget({ ...this.#options.plan, name: plan }, { ...this.#spec, options: this.#resolved }, { emit, keepsHours: false, patience });
  }
}

function outlookOf(target: Target, cases: readonly Case[]): CheckOutlook {
  const { capabilities, prices } = target;
  const sends = cases.reduce((sum, each) => sum + (each.sends?.(capabilities, scale) ?? 0), smallObjects);
  const days = prices?.list.classes[prices.volumeClass]?.['minimum-days'];
  const minimum = prices && days ? { minimum: { storageClass: prices.volumeClass, days } } : {};
  return { target: target.id, location: target.location, capabilities, checks: cases.length, sends, ...(target.isAppendOnly ? { appendOnly: true as const } : {}), ...minimum };
}

function sayInterrupted(leftBehind: readonly string[], location: string): never {
  if (leftBehind.length === 0) throw new BatError('INTERRUPTED', 'Interrupted. What the check had stored is removed.');
  throw new BatError('INTERRUPTED', `Interrupted. Of what the check had stored, this could not be removed: ${leftBehind.join(', ')}.`, {
    hint: `Remove ${location} by hand.`,
  });
}
