/** Runs one command and says what it took, with all of its child processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

export interface Command {
  argv: readonly string[];
  /** Where it runs; here, unless given. */
  folder?: string;
  environment?: Readonly<Record<string, string>>;
}

export interface Figures {
  /** Seconds. */
  wall: number;
  /** Seconds of all its processes, those of the kernel for them too. */
  cpu: number;
  /** Bytes that the largest of its processes had in memory at its peak. */
  memory: number;
  /** Bytes that its processes read and wrote by calls of the kernel: files and pipes, of the cache too, but no sockets and no mapped files. */
  read: number;
  written: number;
}

/** The clock of bash, since GNU time knows hundredths of seconds only. The I/O of a shell holds that of the children it has waited for. */
const script = `
TIMEFORMAT='%3R %3U %3S'
{ time /usr/bin/time -q -f %M -o "$0" "$@" 2>&3; } 3>&2 2>> "$0" || exit
cat /proc/$$/io >> "$0"
`;

/**
 * @param report a file to write to on the way
 * @param under a command that runs the measured one, such as `nice -n -5`; its own start is not counted
 * @throws if the command fails, with what it said on standard error
 */
export async function measure({ argv, folder, environment }: Command, report: string, under: readonly string[] = []): Promise<Figures> {
  const [program, ...rest] = [...under, 'bash', '-c', script, report, ...argv];
  const child = spawn(program!, rest, { cwd: folder, env: { ...process.env, LC_ALL: 'C.UTF-8', ...environment }, stdio: ['ignore', 'ignore', 'pipe'] });
  const [[code], complaints] = await Promise.all([once(child, 'close') as Promise<[number | null]>, text(child.stderr)]);
  if (code !== 0) throw new Error(`${argv.join(' ')}\nended with ${code}: ${complaints}`);
  const [kilobytes, times, ...counters] = readFileSync(report, 'utf8').trim().split('\n');
  const [wall, user, system] = times!.split(' ').map(Number);
  const counter = (name: string): number => Number(counters.find((line) => line.startsWith(name))!.split(' ')[1]);
  return { wall: wall!, cpu: user! + system!, memory: Number(kilobytes) * 1024, read: counter('rchar'), written: counter('wchar') };
}
