/** Finds steps that wait for each other. */
import type { LinkedStep } from './graph-links.ts';

/** A step of a circle, and where the plan makes it wait for the one before. */
export interface CycleStep {
  step: LinkedStep;
  pointer: string;
}

/** One circle in the direction of the data, or null. It begins with its first step in the plan. */
export function findCycle(steps: readonly LinkedStep[]): CycleStep[] | null {
  const done = new Set<LinkedStep>();
  for (const start of steps) {
    const way: LinkedStep[] = [];
    const cycle = follow(start, way, done);
    if (cycle) return turned(cycle, steps);
  }
  return null;
}

function follow(step: LinkedStep, way: LinkedStep[], done: Set<LinkedStep>): LinkedStep[] | null {
  if (done.has(step)) return null;
  if (way.includes(step)) return way.slice(way.indexOf(step));
  way.push(step);
  for (const link of step.links) {
    const cycle = follow(link.step, way, done);
    if (cycle) return cycle;
  }
  way.pop();
  done.add(step);
  return null;
}

/** From "takes from" to "gives to", with the first step of the plan in front. */
function turned(cycle: readonly LinkedStep[], steps: readonly LinkedStep[]): CycleStep[] {
  const order = cycle.toReversed();
  const first = steps.find((step) => order.includes(step))!;
  const start = order.indexOf(first);
  return [...order.slice(start), ...order.slice(0, start)].map((step) => {
    const link = step.links.find((candidate) => order.includes(candidate.step));
    return { step, pointer: link?.pointer ?? step.use.pointer };
  });
}
