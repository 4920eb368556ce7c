/** Where the time of one step goes: it works, it waits for what it takes, or for those who take what it gives. */

/** Milliseconds. */
export interface StepTimes {
  working: number;
  /** For its input. */
  starved: number;
  /** For a step after it. */
  held: number;
}

type State = keyof StepTimes;

/** Told at the seams of a step, for one source, what goes on there. A step that takes from several waits only where all of them let it wait. */
export class StepClock {
  readonly times: StepTimes = { working: 0, starved: 0, held: 0 };
  readonly #now: () => number;
  #state: State | null = null;
  #since = 0;
  #isAsked = false;
  #isOver = false;
  /** Inputs that have not ended, and those of them that it waits for. */
  #open = 0;
  #waiting = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** One more input will be read. */
  opens(): void {
    this.#open++;
  }

  /** It waits for an input. */
  waits(): void {
    this.#waiting++;
    this.#settle();
  }

  /** It has what it waited for, or the input has come to its end. */
  gets(isEnd: boolean): void {
    this.#waiting--;
    if (isEnd) this.#open--;
    this.#settle();
  }

  /** The next item is wanted of it. */
  begins(): void {
    this.#isAsked = true;
    this.#settle();
  }

  /** It has given one; who takes it is at work. */
  gives(): void {
    this.#isAsked = false;
    this.#settle();
  }

  /** What is left of its inputs may still come to an end after it. */
  ends(): void {
    this.#turn(null);
    this.#isOver = true;
  }

  #settle(): void {
    if (this.#isOver) return;
    if (!this.#isAsked) this.#turn('held');
    else this.#turn(this.#open > 0 && this.#waiting === this.#open ? 'starved' : 'working');
  }

  #turn(state: State | null): void {
    if (state === this.#state) return;
    const now = this.#now();
    if (this.#state !== null) this.times[this.#state] += now - this.#since;
    this.#state = state;
    this.#since = now;
  }
}
