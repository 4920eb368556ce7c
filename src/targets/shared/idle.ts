/** How long a request may stand still. */
import type { ClientRequest } from 'node:http';

/** Nothing came or went for too long. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/** The deadline of a request: it does not run while we are the ones who wait. */
export class IdleWait {
  readonly #request: ClientRequest;
  readonly #idle: number;
  #held = 0;

  constructor(request: ClientRequest, idle: number) {
    this.#request = request;
    this.#idle = idle;
    request.on('timeout', () => {
      if (this.#held === 0) request.destroy(new TimedOut('Nothing came or went for too long.'));
    });
  }

  async during(work: () => Promise<void>): Promise<void> {
    this.#held++;
    try {
      await work();
    } catch (error) {
      this.#request.destroy();
      throw error;
    } finally {
      this.#held--;
      this.#request.socket?.setTimeout(this.#idle);
    }
  }
}
