/** The plans of serve.yaml by their names. A file is read again when it has changed. */
import { stat } from 'node:fs/promises';
import { BatError } from '../../core/errors.ts';
import type { Plan } from '../../plan/plan.ts';
import { readPlan } from './look-at-plan.ts';

interface Known {
  stamp: string;
  plan: Plan;
}

export class PlanFiles {
  readonly #files: readonly string[];
  readonly #known = new Map<string, Known>();

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  /** Null if none has the name; files that cannot be read as a plan have none. `id` is another one whenever the file has changed. */
  async find(name: string): Promise<{ plan: Plan; id: string } | null> {
    for (const file of this.#files) {
      const known = await this.#read(file);
      if (known?.plan.name === name) return { plan: known.plan, id: `${file} ${known.stamp}` };
    }
    return null;
  }

  async #read(file: string): Promise<Known | null> {
    try {
      const { mtimeMs, size, ino } = await stat(file);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      const before = this.#known.get(file);
      if (before?.stamp === stamp) return before;
      const known = { stamp, plan: await readPlan(file) };
      this.#known.set(file, known);
      return known;
    } catch (error) {
      if (error instanceof BatError || (error as { code?: unknown }).code !== undefined) return null;
      throw error;
    }
  }
}
