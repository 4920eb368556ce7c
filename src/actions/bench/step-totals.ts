/** What each step did, summed over the sources. */
import { targetsOf } from '../../plan/explain.ts';
import { isMaker } from '../../runner/lanes.ts';
import type { Session } from '../../runner/session.ts';
import type { StepMeasure } from './measured-seams.ts';
import type { BenchStep } from './report.ts';

type Sum = Pick<BenchStep, 'taken' | 'given' | 'times'>;

export class StepTotals {
  readonly #session: Session;
  readonly #sums = new Map<string, Sum>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** One source. `read`: the bytes of it; what the step that reads was given may be more than it came to. */
  add(steps: ReadonlyMap<string, StepMeasure>, read: number): void {
    for (const node of this.#session.plan.graph.nodes) {
      const measure = steps.get(node.id);
      if (!measure) continue;
      const { given, clock } = measure;
      const taken = isMaker(node) ? { ...measure.taken, bytes: read } : measure.taken;
      const before = this.#sums.get(node.id);
      this.#sums.set(node.id, before ? { taken: sum(before.taken, taken), given: sum(before.given, given), times: sum(before.times, clock.times) } : { taken, given, times: { ...clock.times } });
    }
  }

  /** In the order of the plan. `wall`: milliseconds of all sources. */
  list(wall: number): BenchStep[] {
    return this.#session.plan.graph.nodes.flatMap((node): BenchStep[] => {
      const measured = this.#sums.get(node.id);
      if (!measured) return [];
      const { taken, given, times } = measured;
      const targets = targetsOf(node);
      const { codec, level } = node.type.shape?.(node.options, this.#session.setupOf(node.id)) ?? {};
      // Of the steps at the ends no bytes pass through.
      const passes = node.type.takes.length > 0 && node.type.gives !== null;
      return [
        {
          step: node.id,
          kind: node.kind,
          ...(codec === undefined || level === undefined ? {} : { codec, level }),
          ...(targets.length > 0 ? { targets } : {}),
          taken,
          given,
          times,
          share: wall > 0 ? times.working / wall : 0,
          rate: passes && taken.bytes > 0 && times.working > 0 ? (taken.bytes / times.working) * 1000 : null,
        },
      ];
    });
  }
}

function sum<T extends object>(one: T, other: T): T {
  return Object.fromEntries(Object.entries(one).map(([name, value]) => [name, (value as number) + (other[name as keyof T] as number)])) as T;
}
