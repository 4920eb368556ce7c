/** Commands of the benchmark itself, which are not measured. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a command of bash printed; `$1` and so on are the values. Throws if any part of it failed. */
export async function shell(command: string, ...values: string[]): Promise<string> {
  const { stdout } = await run('bash', ['-o', 'pipefail', '-ec', command, 'bash', ...values], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return stdout;
}
