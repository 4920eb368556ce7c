/** What happens to the tree `changed` between two runs. */
import { closeSync, openSync, readSync, readdirSync, statSync, utimesSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const image = 'image.ext4';
const MiB = 2 ** 20;

/**
 * Alters every hundredth file, in the order of their names: of every other one the first 64 bytes are turned over, of the rest only
 * the time of change is now. In the image 1 MiB is turned over, near its middle. Each round alters other files and another MiB. Turned
 * over twice, bytes are what they were: the tree does not wear out.
 *
 * @param round from 0; of a hundred rounds no two alter the same
 */
export function alter(folder: string, round: number): void {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== image)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const now = new Date();
  for (let index = round % 100; index < files.length; index += 100) {
    const file = files[index]!;
    if (Math.floor(index / 100) % 2 === 0) turnOver(file, 0, 64);
    utimesSync(file, now, now);
  }
  const path = join(folder, image);
  turnOver(path, Math.floor(statSync(path).size / 2) + (round % 100) * 2 * MiB, MiB);
}

function turnOver(path: string, offset: number, length: number): void {
  const file = openSync(path, 'r+');
  try {
    const bytes = Buffer.alloc(length);
    const size = readSync(file, bytes, 0, length, offset);
    writeSync(file, bytes.subarray(0, size).map((byte) => byte ^ 0xff), 0, size, offset);
  } finally {
    closeSync(file);
  }
}
