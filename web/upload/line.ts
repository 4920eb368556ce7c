/** What waits, first come first served. A long line costs no more for each than a short one: nothing is moved up until half of it is gone. */
export class Line<Value> {
  #values: (Value | undefined)[] = [];
  #at = 0;

  get length(): number {
    return this.#values.length - this.#at;
  }

  push(value: Value): void {
    this.#values.push(value);
  }

  take(): Value | undefined {
    if (this.length === 0) return undefined;
    const value = this.#values[this.#at];
    this.#values[this.#at++] = undefined;
    if (this.#at > 1024 && this.#at * 2 > this.#values.length) {
      this.#values = this.#values.slice(this.#at);
      this.#at = 0;
    }
    return value;
  }

  takeSome(most: number): Value[] {
    const some: Value[] = [];
    while (some.length < most && this.length > 0) some.push(this.take()!);
    return some;
  }
}
