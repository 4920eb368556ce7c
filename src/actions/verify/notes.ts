/** What was found sound is noted as it goes on, so that a verify that is broken off need not begin anew. */
import type { CheckHow, Checks } from '../../catalog/checks.ts';

/** Objects between two writings. */
const batch = 200;

export class Notes {
  readonly #checks: Checks;
  readonly #target: string;
  readonly #time: string;
  readonly #sound = new Map<CheckHow, number[]>();
  #count = 0;

  /** `time`: ISO 8601, of the whole verify. */
  constructor(checks: Checks, target: string, time: string) {
    this.#checks = checks;
    this.#target = target;
    this.#time = time;
  }

  add(object: number, how: CheckHow): void {
    const sound = this.#sound.get(how);
    if (sound) sound.push(object);
    else this.#sound.set(how, [object]);
    if (++this.#count % batch === 0) this.write();
  }

  /** False if another bat is writing; what is left is written the next time. */
  write(): boolean {
    for (const [how, objects] of this.#sound) {
      if (!this.#checks.note(this.#target, objects, how, this.#time)) return false;
      this.#sound.delete(how);
    }
    return true;
  }
}
