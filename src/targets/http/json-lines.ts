/** An answer of many lines of JSON, read as it comes. Its last line says that it was whole: `{"end": n}`, with the number of those before. */
import type { HttpReply } from '../shared/http-client.ts';

/** One line that is longer than this is no line of such an answer. */
const longestLine = 1024 * 1024;

export class JsonLines<T extends object> {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #count = 0;
  #ended = false;

  constructor({ body }: Pick<HttpReply, 'body'>) {
    this.#pieces = body[Symbol.asyncIterator]();
  }

  /** Those that have come; null after the last. Throws SyntaxError for what is no such answer, or not all of it. */
  async next(): Promise<T[] | null> {
    for (;;) {
      // To the very end of the answer: only then the connection is used again.
      const { done, value } = await this.#pieces.next();
      if (this.#ended) return null;
      if (done) throw new SyntaxError('The answer ends before its end.');
      const lines = (this.#rest + this.#decoder.decode(value, { stream: true })).split('\n');
      this.#rest = lines.pop()!;
      if (this.#rest.length > longestLine) throw new SyntaxError('A line of the answer is far too long.');
      if (lines.length > 0) return this.#take(lines);
    }
  }

  /** What is left is not waited for. */
  close(): void {
    void this.#pieces.return?.();
  }

  #take(lines: readonly string[]): T[] {
    const items: T[] = [];
    for (const line of lines) {
      const item = JSON.parse(line) as T | { end: number };
      if (item === null || typeof item !== 'object') throw new SyntaxError('A line of the answer is no object.');
      if ('end' in item) {
        if (item.end !== this.#count) throw new SyntaxError(`The answer has ${this.#count} lines, and should have ${item.end}.`);
        this.#ended = true;
        break;
      }
      this.#count++;
      items.push(item as T);
    }
    return items;
  }
}
