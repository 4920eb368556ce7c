/** The body of a request: slices of a part, so that their progress is seen and the plan's limit is kept. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Pace } from '../../core/pace.ts';
import { pacedSlices } from '../../core/slices.ts';
import type { Line } from './deadline.ts';

/** What a request that carries bytes says of them. The server refuses the bytes if one of the two sums is not theirs. */
export interface Body {
  Body: Readable | Uint8Array;
  ContentLength: number;
  /** Base64. */
  ContentMD5: string;
}

/** SHA-256 in hexadecimal of each body that is on its way: the signature covers it (client.ts). */
export const signedSums = new WeakMap<object, string>();

/** The bytes must not change until the call of `line` is over. */
export function bodyOf(bytes: Uint8Array, line: Line, pace: Pace | undefined): Body {
  const sums = { ContentLength: bytes.length, ContentMD5: createHash('md5').update(bytes).digest('base64') };
  if (bytes.length === 0) return { Body: new Uint8Array(0), ...sums };
  const stream = Readable.from(slices(bytes, line, pace), { objectMode: false });
  stream.on('error', line.fail);
  signedSums.set(stream, createHash('sha256').update(bytes).digest('hex'));
  return { Body: stream, ...sums };
}

/** Stops at the end of the call: whoever gave the bytes may then use the memory for others. */
async function* slices(bytes: Uint8Array, line: Line, pace: Pace | undefined): AsyncGenerator<Uint8Array> {
  const patient: Pace | undefined = pace && {
    upload: (length, signal) => line.pause(pace.upload(length, signal)),
    download: (length, signal) => line.pause(pace.download(length, signal)),
  };
  for await (const slice of pacedSlices(bytes, patient, line.signal)) {
    line.signal.throwIfAborted();
    line.progress();
    yield slice;
  }
}
