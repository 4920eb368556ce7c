/** The bytes of a file, and where they lie. What else an entry of a snapshot has: entry.ts. */

/** A chunk of a file: which bytes, and how many. In the order of the file. */
export interface Chunk {
  sha256: Buffer;
  length: number;
}

/** The bytes of a file entry. An empty file has no chunks. */
export interface Content {
  sha256: Buffer;
  chunks: Chunk[];
}

/** Where a chunk lies: the volume, and its bytes in the volume's decoded form. */
export interface Place {
  volume: number;
  offset: number;
  length: number;
}
