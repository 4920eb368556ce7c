/** A plan that cannot be used, with everything that is wrong with it. */
import { BatError } from '../core/errors.ts';
import { formatCount } from '../core/units.ts';
import type { Mistake } from './mistake.ts';

export class PlanError extends BatError {
  readonly file: string;
  /** In the order of the file; at least one. */
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[], hint = 'Correct the plan; `bat validate` shows every mistake with its line.') {
    const [first] = mistakes;
    const start = mistakes.length === 1 ? 'It is' : 'The first is';
    super('PLAN_INVALID', `${file} has ${formatCount(mistakes.length, 'mistake')}. ${start} in line ${first?.line}: ${first?.message}`, {
      hint,
      subject: file,
    });
    this.name = 'PlanError';
    this.file = file;
    this.mistakes = mistakes;
  }
}
