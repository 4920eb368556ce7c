/** Other programs as judges of what we write. */
import { spawnSync } from 'node:child_process';

export interface Verdict {
  status: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs a program in a UTF-8 locale, whatever the machine's own is. */
export function judge(command: string, args: string[], input: Uint8Array = new Uint8Array(), locale = 'C.UTF-8'): Verdict {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    input,
    maxBuffer: 2 ** 30,
    env: { ...process.env, LC_ALL: locale, TZ: 'UTC' },
  });
  // A program that stops reading early (head-like, or on an error) closes its end: its status tells the rest.
  if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  return { status, stdout, stderr: stderr.toString() };
}

/** What the program printed; throws unless it left with 0 and without a word on stderr. */
export function judged(command: string, args: string[], input?: Uint8Array, locale?: string): Buffer {
  const { status, stdout, stderr } = judge(command, args, input, locale);
  if (status !== 0 || stderr !== '') throw new Error(`${command} ${args.join(' ')} left with ${status}: ${stderr}`);
  return stdout;
}
