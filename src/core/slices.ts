/** Bytes a slice at a time, as a target sends and takes them when a limit is set. */
import type { Pace } from './pace.ts';

/** Small enough to be even on a thin line, large enough to cost nothing on a thick one. */
export const sliceLength = 64 * 1024;

/**
 * The bytes in slices, each as soon as it may be sent: the body of a request, or what is written to a file. Without a pace
 * they come as fast as they are taken. Nothing is copied. Throws the signal's reason once it is aborted.
 */
export async function* pacedSlices(bytes: Uint8Array, pace: Pace | undefined, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += sliceLength) {
    const slice = bytes.subarray(start, start + sliceLength);
    signal?.throwIfAborted();
    await pace?.upload(slice.length, signal);
    yield slice;
  }
}
