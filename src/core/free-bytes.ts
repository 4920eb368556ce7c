/**
 * Gives the memory behind large bytes back at once. The garbage collector would let tens of megabytes of them pile up
 * before it looks, and looks often because of them; a run makes gigabytes. Only for the one who holds them alone:
 * afterwards they are empty.
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < SMALLEST) return;
  // Small buffers are cut from a slab that Node shares between many of them: those are left alone.
  const isSlab = buffer.byteLength === slabSize && bytes.length < buffer.byteLength;
  if (!isSlab) buffer.transfer(0);
}

const SMALLEST = 64 * 1024;
const slabSize = (globalThis as { Buffer?: { poolSize: number } }).Buffer?.poolSize;
