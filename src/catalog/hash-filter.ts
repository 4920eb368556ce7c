/**
 * Which hashes were surely never added: a Bloom filter. It takes one MiB however many there are. Of a million others it takes one in fifty
 * for added when it has a million, and most when it has five million.
 */

const size = 1024 * 1024;
/** Bits of each hash. */
const probes = 4;

export class HashFilter {
  readonly #bytes = new Uint8Array(size);

  add(sha256: Buffer): void {
    // Hashes are as good as random, so two numbers from within serve for all probes.
    let at = sha256.readInt32LE(0);
    const step = sha256.readInt32LE(4) | 1;
    for (let probe = 0; probe < probes; probe++, at = (at + step) | 0) this.#bytes[(at >>> 3) % size]! |= 1 << (at & 7);
  }

  mayHave(sha256: Buffer): boolean {
    let at = sha256.readInt32LE(0);
    const step = sha256.readInt32LE(4) | 1;
    for (let probe = 0; probe < probes; probe++, at = (at + step) | 0) if ((this.#bytes[(at >>> 3) % size]! & (1 << (at & 7))) === 0) return false;
    return true;
  }
}
