/** Remembers the last lines of a text that comes in pieces, whatever its length. */
const MOST_CHARACTERS = 16 * 1024;

export class LastLines {
  readonly #count: number;
  #text = '';

  constructor(count: number) {
    this.#count = count;
  }

  add(piece: string): void {
    this.#text += piece;
    if (this.#text.length <= 2 * MOST_CHARACTERS) return;
    const kept = this.#text.slice(-MOST_CHARACTERS);
    // From the start of a line: half a line could be half a secret, which nothing would recognise as one.
    const lineEnd = kept.indexOf('\n');
    this.#text = lineEnd === -1 ? '' : kept.slice(lineEnd + 1);
  }

  lines(): string[] {
    return this.#text.split(/\r?\n/).filter((line) => line.trim() !== '').slice(-this.#count);
  }
}
