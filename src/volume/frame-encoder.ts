/** Makes frames, on the thread pool, several at a time. What a frame is: frames.ts. */
import zlib from 'node:zlib';
import { type Codec, gzipHeader } from './frames.ts';
import { readZstdFrame } from './zstd-frame.ts';

const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag, ZSTD_e_end } = zlib.constants;

/** Bytes. */
const leastRoom = 128 * 1024;

export class FrameEncoder {
  readonly #codec: Codec;
  readonly #level: number;
  /** Those that are at no frame. What one needs for its first frame comes to megabytes, so it is kept for the next. */
  readonly #idle: ZstdEncoder[] = [];
  #isClosed = false;

  constructor(codec: Codec, level: number) {
    this.#codec = codec;
    this.#level = level;
  }

  /**
   * One frame holding `bytes`, which must not change until it is done. It is in memory of its own, which `freeBytes` may
   * free; with the codec none it is `bytes` themselves.
   */
  async encode(bytes: Uint8Array): Promise<Uint8Array> {
    switch (this.#codec) {
      case 'zstd': {
        const encoder = this.#idle.pop() ?? new ZstdEncoder(this.#level);
        const frame = await encoder.encode(bytes);
        if (this.#isClosed) encoder.close();
        else this.#idle.push(encoder);
        return frame;
      }
      case 'gzip':
        return encodeGzipMember(this.#level, bytes);
      case 'none':
        return bytes;
    }
  }

  /** Lets go of the memory that is kept; what is under way ends as it would have. */
  close(): void {
    this.#isClosed = true;
    for (const encoder of this.#idle.splice(0)) encoder.close();
  }
}

/** Where in its room a stream of Node writes next: not documented, but so in every Node that has zstd. */
type Stream = zlib.ZstdCompress & { _outOffset: number };

/** One frame after the other, in one stream that never ends. */
class ZstdEncoder {
  readonly #level: number;
  #stream: Stream | null = null;
  /** What the stream has room for: a frame of so many bytes. */
  #largest = 0;
  #pieces: Buffer[] = [];

  constructor(level: number) {
    this.#level = level;
  }

  async encode(bytes: Uint8Array): Promise<Uint8Array> {
    if (bytes.length > this.#largest) this.close();
    const stream = (this.#stream ??= this.#open(bytes.length));
    await new Promise<void>((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));
    const frame = this.#takeFrame();
    // The next frame is written where this one was: one behind the other, zstd would have too little room, and copy all that goes in and out.
    stream._outOffset = 0;
    if (readZstdFrame(frame)?.length !== frame.length) throw new Error('zlib did not give one whole frame');
    return frame;
  }

  close(): void {
    this.#stream?.destroy();
    this.#stream = null;
  }

  #open(largest: number): Stream {
    this.#largest = largest;
    const params = { [ZSTD_c_compressionLevel]: this.#level, [ZSTD_c_checksumFlag]: 1, [ZSTD_c_contentSizeFlag]: 1 };
    // Room for a whole answer: with zlib's default of 64 KiB a frame costs a trip to the pool for each. Never so little
    // that it would be cut from a slab that others use, too.
    const chunkSize = Math.max(leastRoom, largest + (largest >> 8) + 1024);
    // Each write is flushed as a frame of its own; since all of it is there at once, its size goes into the frame's header.
    const stream = zlib.createZstdCompress({ flush: ZSTD_e_end, chunkSize, params });
    stream.on('data', (piece: Buffer) => this.#pieces.push(piece));
    stream.on('error', () => {}); // each write is told of it
    return stream as Stream;
  }

  #takeFrame(): Buffer {
    const frame = Buffer.allocUnsafeSlow(this.#pieces.reduce((sum, piece) => sum + piece.length, 0));
    let length = 0;
    for (const piece of this.#pieces) length += piece.copy(frame, length);
    this.#pieces = [];
    return frame;
  }
}

function encodeGzipMember(level: number, bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const encoder = zlib.createGzip({ level, chunkSize: bytes.length + (bytes.length >> 8) + 1024 });
    const pieces: Buffer[] = [];
    encoder.on('data', (piece: Buffer) => pieces.push(piece));
    encoder.on('error', reject);
    encoder.on('end', () => {
      const member = Buffer.concat(pieces);
      member.set(gzipHeader);
      resolve(member);
    });
    encoder.end(bytes);
  });
}
