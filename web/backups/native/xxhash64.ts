/**
 * The content checksum of a Zstandard frame (RFC 8878, 3.1.1): the lower 32 bits of XXH64 with the seed 0. In halves of 32 bits, since
 * BigInt is thirty times slower.
 */

/** A number of 64 bits: its upper and its lower half, each as a signed one of 32. */
type Long = [high: number, low: number];

const prime1: Long = [0x9e3779b1 | 0, 0x85ebca87 | 0];
const prime2: Long = [0xc2b2ae3d | 0, 0x27d4eb4f | 0];
const prime3: Long = [0x165667b1 | 0, 0x9e3779f9 | 0];
const prime4: Long = [0x85ebca77 | 0, 0xc2b2ae63 | 0];
const prime5: Long = [0x27d4eb2f | 0, 0x165667c5 | 0];
const stripe = 32;

/** Unsigned. */
export function checksumOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash: Long;
  if (bytes.length >= stripe) {
    const lanes: [Long, Long, Long, Long] = [add(prime1, prime2), [...prime2], [0, 0], subtract([0, 0], prime1)];
    for (; at + stripe <= bytes.length; at += stripe) {
      for (let lane = 0; lane < 4; lane++) mixInto(lanes[lane]!, view.getInt32(at + lane * 8 + 4, true), view.getInt32(at + lane * 8, true));
    }
    hash = add(add(rotate(lanes[0], 1), rotate(lanes[1], 7)), add(rotate(lanes[2], 12), rotate(lanes[3], 18)));
    for (const lane of lanes) hash = add(multiply(exclusive(hash, round(lane)), prime1), prime4);
  } else {
    hash = [...prime5];
  }
  hash = add(hash, [Math.floor(bytes.length / 2 ** 32), bytes.length | 0]);
  for (; at + 8 <= bytes.length; at += 8) {
    hash = exclusive(hash, round([view.getInt32(at + 4, true), view.getInt32(at, true)]));
    hash = add(multiply(rotate(hash, 27), prime1), prime4);
  }
  if (at + 4 <= bytes.length) {
    hash = exclusive(hash, multiply([0, view.getInt32(at, true)], prime1));
    hash = add(multiply(rotate(hash, 23), prime2), prime3);
    at += 4;
  }
  for (; at < bytes.length; at++) hash = multiply(rotate(exclusive(hash, multiply([0, bytes[at]!], prime5)), 11), prime1);
  hash = multiply(exclusive(hash, shiftRight(hash, 33)), prime2);
  hash = multiply(exclusive(hash, shiftRight(hash, 29)), prime3);
  return exclusive(hash, shiftRight(hash, 32))[1] >>> 0;
}

/** The round of a lane that begins at 0. */
function round([high, low]: Long): Long {
  const lane: Long = [0, 0];
  mixInto(lane, high, low);
  return lane;
}

/** lane = rotate(lane + input * prime2, 31) * prime1; without a new array for each of the many. */
function mixInto(lane: Long, high: number, low: number): void {
  const [high2, low2] = prime2;
  const productLow = Math.imul(low, low2);
  const productHigh = (upperHalf(low, low2) + Math.imul(high, low2) + Math.imul(low, high2)) | 0;
  const sumLow = (lane[1] + productLow) | 0;
  const carry = sumLow >>> 0 < productLow >>> 0 ? 1 : 0;
  const sumHigh = (lane[0] + productHigh + carry) | 0;
  const turnedHigh = (sumHigh << 31) | (sumLow >>> 1);
  const turnedLow = (sumLow << 31) | (sumHigh >>> 1);
  const [high1, low1] = prime1;
  lane[1] = Math.imul(turnedLow, low1);
  lane[0] = (upperHalf(turnedLow, low1) + Math.imul(turnedHigh, low1) + Math.imul(turnedLow, high1)) | 0;
}

/** The upper 32 bits of the product of two unsigned numbers of 32 bits. */
function upperHalf(one: number, other: number): number {
  const [oneLow, oneHigh] = [one & 0xffff, one >>> 16];
  const [otherLow, otherHigh] = [other & 0xffff, other >>> 16];
  const middle = oneHigh * otherLow + ((oneLow * otherLow) >>> 16);
  const carried = oneLow * otherHigh + (middle & 0xffff);
  return (oneHigh * otherHigh + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000)) | 0;
}

function multiply([high, low]: Long, [otherHigh, otherLow]: Long): Long {
  return [(upperHalf(low, otherLow) + Math.imul(high, otherLow) + Math.imul(low, otherHigh)) | 0, Math.imul(low, otherLow)];
}

function add([high, low]: Long, [otherHigh, otherLow]: Long): Long {
  const sum = (low + otherLow) | 0;
  return [(high + otherHigh + (sum >>> 0 < low >>> 0 ? 1 : 0)) | 0, sum];
}

function subtract([high, low]: Long, [otherHigh, otherLow]: Long): Long {
  return [(high - otherHigh - (low >>> 0 < otherLow >>> 0 ? 1 : 0)) | 0, (low - otherLow) | 0];
}

function exclusive([high, low]: Long, [otherHigh, otherLow]: Long): Long {
  return [high ^ otherHigh, low ^ otherLow];
}

/** By 1 to 31 bits. */
function rotate([high, low]: Long, bits: number): Long {
  return [(high << bits) | (low >>> (32 - bits)), (low << bits) | (high >>> (32 - bits))];
}

/** By 1 to 63 bits. */
function shiftRight([high, low]: Long, bits: number): Long {
  return bits >= 32 ? [0, high >>> (bits - 32)] : [high >>> bits, (low >>> bits) | (high << (32 - bits))];
}
