/**
 * Lays bytes into volumes and gives them as object events, cut into frames. Knows how large a volume may get, and tells
 * the catalog where each chunk lies. What it holds back is one frame.
 */
import { BufferPool } from '../../core/buffer-pool.ts';
import type { Volumes } from '../../catalog/volumes.ts';
import type { ObjectEvent, ObjectHead } from '../flow.ts';

/** Decoded bytes of a frame: large enough to compress well, small enough that one file is restored cheaply. */
export const frameSize = 1024 * 1024;

/** Frames that wait for, or are at, the step behind. */
const FRAMES_KEPT = 6;

export interface VolumeWriterOptions {
  volumes: Volumes;
  maker: string;
  run: string;
  source: string;
}

export class VolumeWriter {
  readonly #options: VolumeWriterOptions;
  readonly #frames = new BufferPool(frameSize, FRAMES_KEPT);
  #events: ObjectEvent[] = [];
  #volume: number | null = null;
  #offset = 0;
  #frame: Buffer | null = null;
  #filled = 0;

  constructor(options: VolumeWriterOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#volume !== null;
  }

  /** Bytes laid into the open volume so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Begins an object of this name, of at most so many bytes; its codec and recipients are added on its way. */
  open(name: string, largest: number): void {
    const { volumes, maker, run, source } = this.#options;
    this.#volume = volumes.create(maker, run, source);
    this.#offset = 0;
    const object: ObjectHead = { volume: this.#volume, name, largest, codec: 'none', level: 0, recipients: null };
    this.#events.push({ type: 'open', object });
  }

  /** Copies the bytes; the caller may use its buffer again. */
  write(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length; ) {
      this.#frame ??= this.#frames.take();
      const count = Math.min(frameSize - this.#filled, bytes.length - taken);
      this.#frame.set(bytes.subarray(taken, taken + count), this.#filled);
      this.#filled += count;
      taken += count;
      if (this.#filled === frameSize) this.#cutFrame();
    }
    this.#offset += bytes.length;
  }

  /** Notes a chunk that has just been, or is about to be, written at `offset`; returns its id in the catalog. */
  addPlace(sha256: Buffer, offset: number, length: number): number {
    return this.#options.volumes.addPlace(sha256, { volume: this.#volume!, offset, length });
  }

  close(): void {
    this.#cutFrame();
    this.#events.push({ type: 'close', decoded: this.#offset, frames: [] });
    this.#volume = null;
  }

  /** The object turned out to be stored already: nothing of it is kept. */
  discard(): void {
    this.#frame = null;
    this.#filled = 0;
    this.#options.volumes.discard(this.#volume!);
    this.#events.push({ type: 'discard' });
    this.#volume = null;
  }

  /** What is ready to go on. Take it after every few writes: it holds whole frames. */
  take(): ObjectEvent[] {
    const events = this.#events;
    if (events.length > 0) this.#events = [];
    return events;
  }

  #cutFrame(): void {
    const frame = this.#frame;
    if (!frame || this.#filled === 0) return;
    this.#events.push({ type: 'data', bytes: frame.subarray(0, this.#filled), release: () => this.#frames.give(frame) });
    this.#frame = null;
    this.#filled = 0;
  }
}
