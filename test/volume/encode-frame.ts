/** A single frame, for tests. */
import { FrameEncoder } from '../../src/volume/frame-encoder.ts';
import type { Codec } from '../../src/volume/frames.ts';

export async function encodeFrame(codec: Codec, level: number, bytes: Uint8Array): Promise<Uint8Array> {
  const encoder = new FrameEncoder(codec, level);
  try {
    return await encoder.encode(bytes);
  } finally {
    encoder.close();
  }
}
