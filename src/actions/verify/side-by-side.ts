/** How much of a target is read at a time. */
import type { Target } from '../../targets/target.ts';

/** Whatever the target would take: each object that is read holds some megabytes. */
const mostSideBySide = 4;

export function sideBySide({ capabilities }: Target): number {
  return Math.min(mostSideBySide, capabilities.parallel);
}
