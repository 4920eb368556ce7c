/** Files that hold a secret key: for their owner only, and never written over. */
import { open } from 'node:fs/promises';
import { BatError, systemCode, systemReason } from '../core/errors.ts';

/** As age-keygen writes it. `created` in local time, with its distance from UTC. */
export function identityText(identity: string, recipient: string, created: Date): string {
  return `# created: ${localTime(created)}\n# public key: ${recipient}\n${identity}\n`;
}

/** Throws USAGE if there is such a file, DISK_FAILED. The bytes are on disk when this returns. */
export async function writeKeyFile(file: string, content: string | Uint8Array): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw new BatError('USAGE', `${file} is there already, and a key is never written over.`, { hint: 'Name another file, or move this one away.', subject: file });
    throw new BatError('DISK_FAILED', `The key cannot be written to ${file}: ${systemReason(error)}.`, { hint: 'Name a file in a folder that you may write to.', cause: error, subject: file });
  }
}

function localTime(time: Date): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const east = -time.getTimezoneOffset();
  const zone = east === 0 ? 'Z' : `${east < 0 ? '-' : '+'}${two(Math.abs(east) / 60)}:${two(Math.abs(east) % 60)}`;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}${zone}`;
}
