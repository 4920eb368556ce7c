/** Which stretches of a volume are read in one go: so that each frame is fetched and decoded once, and none in vain. */
import type { ListedRange } from '../../catalog/restore-list.ts';
import type { ObjectLayout } from '../../volume/object-reader.ts';

/** A stretch of decoded bytes, and the first and last of the wanted ranges in it. */
export interface Extent {
  start: number;
  end: number;
  first: ListedRange;
  last: ListedRange;
}

/** Without frames, this much stands for one: what age seals in one piece. */
const pieceSize = 64 * 1024;

/** The frames of an object by their decoded bytes; pieces of 64 KiB where it has none. */
export class FrameTable {
  readonly #decoded: number;
  /** Where each begins, and where the last one ends; null where all are of one size. */
  readonly #starts: Float64Array | null;
  readonly #layout: ObjectLayout;

  constructor(layout: ObjectLayout) {
    this.#layout = layout;
    this.#decoded = layout.decoded;
    this.#starts = layout.codec === 'none' ? null : new Float64Array(layout.frames.length + 1);
    let at = 0;
    for (const [index, frame] of this.#starts ? layout.frames.entries() : []) this.#starts![index + 1] = at += frame.decoded;
  }

  /** The frame that holds this byte, which must be one of the object. */
  at(offset: number): number {
    if (!this.#starts) return Math.floor(offset / pieceSize);
    let low = 0;
    let high = this.#layout.frames.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  start(frame: number): number {
    return this.#starts ? this.#starts[frame]! : frame * pieceSize;
  }

  end(frame: number): number {
    return this.#starts ? this.#starts[frame + 1]! : Math.min(this.#decoded, (frame + 1) * pieceSize);
  }
}

/** `ranges` by offset. Ranges in the same frame, or in frames side by side, are read together. */
export function* extentsOf(ranges: Iterable<ListedRange>, frames: FrameTable): Generator<Extent> {
  let extent: Extent | null = null;
  for (const range of ranges) {
    const joins: boolean = extent !== null && range.offset >= extent.end && frames.at(range.offset) <= frames.at(extent.end - 1) + 1;
    if (extent && joins) {
      extent.end = range.offset + range.length;
      extent.last = range;
    } else {
      if (extent) yield extent;
      extent = { start: range.offset, end: range.offset + range.length, first: range, last: range };
    }
  }
  if (extent) yield extent;
}
