/** A file from its beginning to its end. Each piece is overwritten by the next one. */
import type { FileHandle } from 'node:fs/promises';

const slice = 512 * 1024;

export async function* bytesOf(handle: FileHandle): AsyncGenerator<Buffer, void> {
  const buffer = Buffer.allocUnsafe(slice);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, slice, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
