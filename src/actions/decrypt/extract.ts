/** Unpacks a tar by the program of that name. */
import { BatError } from '../../core/errors.ts';

/** Throws COMMAND_FAILED. */
export async function extractTar(file: string, folder: string, name: string, signal: AbortSignal): Promise<void> {
  const { execa } = await import('execa');
  const result = await execa('tar', ['-xf', file, '-C', folder], { reject: false, cancelSignal: signal, stdin: 'ignore' });
  signal.throwIfAborted();
  if (!result.failed) return;
  throw new BatError('COMMAND_FAILED', `tar could not unpack ${name}: ${result.stderr || result.shortMessage || 'it failed'}`, {
    hint: 'Without --extract the .tar itself is written.',
    cause: result,
    subject: name,
  });
}
