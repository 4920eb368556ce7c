/** Documents are written as streams. What they are, and how they are read: document.ts. */
import { freeBytes } from '../core/free-bytes.ts';
import type { Sealer } from './age.ts';
import { documentFrameSize } from './document.ts';
import { FrameEncoder } from './frame-encoder.ts';
import type { Codec, Frame } from './frames.ts';
import { encodeSeekTable } from './seek-table.ts';

export interface DocumentOptions {
  codec: Codec;
  level: number;
  /** Null for a document that is not encrypted. */
  newSealer: (() => Promise<Sealer>) | null;
}

/** The bytes of the object that holds `chunks`. */
export async function* encodeDocument(
  chunks: AsyncIterable<Uint8Array>,
  { codec, level, newSealer }: DocumentOptions,
): AsyncGenerator<Uint8Array> {
  if (newSealer === null) return yield* encodeFrames(chunks, codec, level);
  const sealer = await newSealer();
  yield sealer.header;
  for await (const bytes of encodeFrames(chunks, codec, level)) yield* sealer.update(bytes);
  return yield* sealer.final();
}

/** A frame is made on the thread pool while the content of the next one is gathered. */
async function* encodeFrames(chunks: AsyncIterable<Uint8Array>, codec: Codec, level: number): AsyncGenerator<Uint8Array> {
  const encoder = new FrameEncoder(codec, level);
  const frames: Frame[] = [];
  const finish = async ({ content, encoding }: { content: Uint8Array; encoding: Promise<Uint8Array> }): Promise<Uint8Array> => {
    const frame = await encoding;
    frames.push({ decoded: content.length, stored: frame.length });
    if (frame !== content) freeBytes(content);
    return frame;
  };
  let atWork: { content: Uint8Array; encoding: Promise<Uint8Array> } | null = null;
  try {
    for await (const content of regroup(chunks)) {
      const encoding = encoder.encode(content);
      encoding.catch(() => {}); // thrown where it is waited for
      if (atWork) yield await finish(atWork);
      atWork = { content, encoding };
    }
    if (atWork) yield await finish(atWork);
    if (codec === 'zstd') yield encodeSeekTable(frames);
    if (codec === 'gzip') yield await encoder.encode(new Uint8Array(0));
  } finally {
    encoder.close();
  }
}

/** The same bytes in pieces of the size of a frame, none of them empty. */
async function* regroup(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (let rest of chunks) {
    while (rest.length > 0) {
      const piece = rest.subarray(0, documentFrameSize - size);
      pieces.push(piece);
      size += piece.length;
      rest = rest.subarray(piece.length);
      if (size < documentFrameSize) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(pieces);
}
